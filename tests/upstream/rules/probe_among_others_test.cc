// Reading a list whose entries are of one kind and none is another's conflict: the drugs of a visit.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/upstream/shipped_profile.h"
#include "upstream/rules/probe.h"

namespace titip::rules {
namespace {

using enum ProbeResult;
using nlohmann::json;

std::string listed(const json& entries) {
  return json{{"response", {{"count", entries.size()}, {"list", entries}}},
              {"metaData", {{"message", "OK"}, {"code", 200}}}}
      .dump();
}

// The drugs of a visit: another drug is another record, no conflict; what cannot be told apart stays open.
TEST(ReadProbeAmongOthers, OneOfItsKind) {
  const json drug = json::parse(R"({"kdObat":"DP1","signa1":3,"note":"a"})");
  const auto entry = [&](const char* merge) {
    json changed = drug;
    changed.merge_patch(json::parse(merge));
    return changed;
  };
  const profile::Probe probe{
      .entries = "/response/list",
      .compare = {{"/obat/kdObat|/kdObat", "/kdObat"}, {"/signa1", "/signa1"}, {"/note", "/note"}},
      .among_others = true};
  const struct {
    const char* name;
    json entries;
    ProbeResult result;
  } rows[] = {
      {"nothing yet", json::array(), absent},
      {"this one", {drug}, found_equal},
      {"the code kept elsewhere", {entry(R"({"kdObat":null,"obat":{"kdObat":"DP1"},"kdObatSK":7})")}, found_equal},
      {"another drug", {entry(R"({"kdObat":"DP2"})")}, absent},
      {"the same drug, taken otherwise", {entry(R"({"signa1":1})")}, absent},
      {"another and this one", {entry(R"({"kdObat":"DP2"})"), drug}, found_equal},
      {"the list says less than we wrote", {entry(R"({"note":null})")}, inconclusive},
      {"it says less, and this one is there", {entry(R"({"note":null})"), drug}, found_equal},
      {"it says less of one that is another", {entry(R"({"note":null,"kdObat":"DP2"})")}, absent},
      {"no object", {"x"}, inconclusive}};
  const auto probed = [&](const json& body, const json& entries) {
    return read_probe(tests::pcare_vaksin(), probe, {&body, nullptr, ""},
                      Reply{.http_status = 200, .body = listed(entries)});
  };
  for (const auto& row : rows) EXPECT_EQ(probed(drug, row.entries), row.result) << row.name;
  EXPECT_EQ(probed(json::object(), json::array()), inconclusive) << "says nothing that could tell it apart";
  // Its number, unless two are alike.
  const auto number_among = [&](const json& entries) {
    ProbeRead read;
    read.take(Reply{.http_status = 200, .body = listed(entries)});
    return read.number_of(tests::pcare_vaksin(), probe, {&drug, nullptr, ""},
                          {.reference = "kdObatSK", .in_entry = "/kdObatSK"});
  };
  const json first = entry(R"({"kdObatSK":7})");
  EXPECT_EQ(number_among({entry(R"({"kdObat":"DP2","kdObatSK":6})"), first}), "7");
  EXPECT_EQ(number_among({first, entry(R"({"kdObatSK":8})")}), std::nullopt);
  // The list may say more than we wrote: then it is neither this one for certain nor another.
  EXPECT_EQ(probed({{"kdObat", "DP1"}, {"signa1", 3}}, {drug}), inconclusive);
}

}  // namespace
}  // namespace titip::rules
