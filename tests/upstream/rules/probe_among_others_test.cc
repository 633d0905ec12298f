// Reading a list whose entries are of one kind and none is another's conflict: the drugs of a visit.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

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
  // Its number; of twins that of the first, for they are alike.
  const profile::Yield yield{.reference = "kdObatSK", .in_entry = "/kdObatSK"};
  const auto number_among = [&](const json& entries) {
    ProbeRead read;
    read.take(Reply{.http_status = 200, .body = listed(entries)});
    return read.number_of(tests::pcare_vaksin(), probe, {&drug, nullptr, ""}, yield);
  };
  const json first = entry(R"({"kdObatSK":7})");
  EXPECT_EQ(number_among({entry(R"({"kdObat":"DP2","kdObatSK":6})"), first}), "7");
  EXPECT_EQ(number_among({first, entry(R"({"kdObatSK":8})")}), "7");
  // The list may say more than we wrote: then it is neither this one for certain nor another.
  EXPECT_EQ(probed({{"kdObat", "DP1"}, {"signa1", 3}}, {drug}), inconclusive);
}

// Twins: an entry whose number is known to be another record's is not this one, and no proof that it is there.
TEST(ReadProbeAmongOthers, WhatIsAnotherRecordsIsNotThisOne) {
  const json drug = json::parse(R"({"kdObat":"DP1","signa1":3})");
  const auto numbered = [&](json number, const char* code = "DP1") {
    return json{{"kdObat", code}, {"signa1", 3}, {"kdObatSK", std::move(number)}};
  };
  const profile::Probe probe{
      .entries = "/response/list", .compare = {{"/kdObat", "/kdObat"}, {"/signa1", "/signa1"}}, .among_others = true};
  const profile::Yield yield{.reference = "kdObatSK", .in_entry = "/kdObatSK"};
  const profile::RequestView request{&drug, nullptr, ""};
  const auto& profile = tests::pcare_vaksin();
  const struct {
    const char* name;
    json entries;
    std::set<std::string, std::less<>> others;
    ProbeResult result;
    std::optional<std::string> number;
  } rows[] = {{"the only one is the twin's", {numbered(7)}, {"7"}, absent, {}},
              {"the twin's and this one's", {numbered(7), numbered(8)}, {"7"}, found_equal, "8"},
              {"numbers as texts", {numbered("7"), numbered("8")}, {"8"}, found_equal, "7"},
              {"nobody's", {numbered(7), numbered(8)}, {}, found_equal, "7"},
              {"both are others'", {numbered(7), numbered(8)}, {"7", "8"}, absent, {}},
              {"one without a number may be this one", {numbered(7), numbered(nullptr)}, {"7"}, found_equal, {}}};
  for (const auto& row : rows) {
    ProbeRead read;
    read.take(Reply{.http_status = 200, .body = listed(row.entries)});
    const Others others{&yield, row.others};
    EXPECT_EQ(read.look_for(profile, probe, request, others), row.result) << row.name;
    EXPECT_EQ(read.number_of(profile, probe, request, yield, others), row.number) << row.name;
  }
  ProbeRead read;
  read.take(Reply{.http_status = 200, .body = listed({numbered(7), numbered(9, "DP2"), numbered(8)})});
  EXPECT_EQ(read.numbers_of_equals(profile, probe, request, yield), (std::vector<std::string>{"7", "8"}));
}

// A person's visits are listed wherever he was seen. One of another facility, on the same day and in a room of the same
// code, is not ours; one that does not say whose it is proves nothing.
TEST(ReadProbe, AVisitIsThatOfItsOwnFacility) {
  const json body = json::parse(R"({"noKartu":"0001113569638","tglDaftar":"15-08-2026","kdPoli":"001"})");
  const auto visit = [](const char* provider, const char* date = "15-08-2026") {
    json entry{{"noKunjungan", std::string(provider != nullptr ? provider : "?") + "0826Y000003"},
               {"tglKunjungan", date},
               {"poli", {{"kdPoli", "001"}}}};
    if (provider != nullptr) entry["providerPelayanan"] = {{"kdProvider", provider}};
    return entry;
  };
  const struct {
    const char* name;
    json entries;
    ProbeResult result;
    std::optional<std::string> number;
  } rows[] = {
      {"ours", {visit("0114A026")}, found_equal, "0114A0260826Y000003"},
      {"another facility's", {visit("0115A027")}, absent, {}},
      {"another facility's, and ours", {visit("0115A027"), visit("0114A026")}, found_equal, "0114A0260826Y000003"},
      {"ours of another day", {visit("0114A026", "14-08-2026")}, absent, {}},
      {"it does not say whose", {visit(nullptr)}, inconclusive, {}},
      {"it does not say whose, of another day", {visit(nullptr, "14-08-2026")}, absent, {}}};
  for (const char* name : {"pcare-rest", "pcare-rest-v3"}) {
    const auto& profile = tests::shipped_profile(name);
    for (const char* id : {"kunjungan/v1", "kunjungan"}) {
      const auto* route = profile::find_route(profile, id);
      for (const auto& row : rows) {
        ProbeRead read;
        read.take(Reply{.http_status = 200, .body = listed(row.entries)});
        const profile::RequestView request{&body, nullptr, "0114A026"};
        EXPECT_EQ(read.look_for(profile, *route->probe, request), row.result) << name << id << row.name;
        EXPECT_EQ(read.number_of(profile, *route->probe, request, route->yields.front()), row.number) << row.name;
      }
    }
  }
}

}  // namespace
}  // namespace titip::rules
