#include "upstream/profile/chains.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::profile {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

Route visit_route() {
  Route route{.id = "visit", .method = "PUT", .path = "/visit/{room}"};
  route.provides = {"/card", "/date", "{room}"};
  route.requirements = {{.route = "register", .identity = {"/card", "/date", "{room}"}}};
  route.quotes = {{.reference = "noKunjungan", .at = "/no", .scope = {"/date"}},
                  {.reference = "noUrut", .at = "{room}"}};
  route.yields = {{.reference = "noSurat", .in_reply = {"/response"}, .scope = {"/date", "facility"}}};
  route.takes_back = TakesBack{.reference = {}, .requirement = Requirement{"register", {"/card", "/date"}}};
  return route;
}

TEST(Chains, ValuesComeOutInOneFormHoweverTheServiceWritesDates) {
  const json body = json::parse(R"({"card":"0001","date":"15-08-2026","no":12})");
  const std::map<std::string, std::string, std::less<>> parameters{{"room", "001"}};
  const auto chain = read_chain(DateFormat::day_first, visit_route(), {&body, &parameters, "0114A026"});
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->provides, (Texts{"0001", "2026-08-15", "001"}));
  ASSERT_EQ(chain->requirements.size(), 1U);
  EXPECT_EQ(chain->requirements[0].route, "register");
  EXPECT_EQ(chain->requirements[0].identity, (Texts{"0001", "2026-08-15", "001"}));
  ASSERT_EQ(chain->quotes.size(), 2U);
  EXPECT_EQ(chain->quotes[0].reference, "noKunjungan");
  EXPECT_EQ(chain->quotes[0].at, "/no");
  EXPECT_EQ(chain->quotes[0].number, "12");
  EXPECT_EQ(chain->quotes[0].scope, (Texts{"2026-08-15"}));
  EXPECT_EQ(chain->quotes[1].number, "001");
  ASSERT_EQ(chain->yields.size(), 1U);
  EXPECT_EQ(chain->yields[0].scope, (Texts{"2026-08-15", "0114A026"}));
  ASSERT_TRUE(chain->takes_back);
  EXPECT_EQ(chain->takes_back->identity, (Texts{"0001", "2026-08-15"}));
}

TEST(Chains, AQuoteThatIsNotThereIsNone) {
  const json body = json::parse(R"({"card":"0001","date":"2026-08-15","no":null})");
  const std::map<std::string, std::string, std::less<>> parameters{{"room", "001"}};
  const auto chain = read_chain(DateFormat::year_first, visit_route(), {&body, &parameters, "0114A026"});
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->quotes.size(), 1U);
  EXPECT_EQ(chain->quotes[0].reference, "noUrut");
}

TEST(Chains, AMissingValueIsNoChain) {
  const json body = json::parse(R"({"card":"0001"})");
  const std::map<std::string, std::string, std::less<>> parameters{{"room", "001"}};
  EXPECT_FALSE(read_chain(DateFormat::year_first, visit_route(), {&body, &parameters, "0114A026"}));
  EXPECT_TRUE(read_chain(DateFormat::year_first, Route{}, {}));
}

TEST(Chains, EverySourceThatIsReadIsNamed) {
  const auto route = visit_route();
  const auto sources = chain_sources(route);
  EXPECT_EQ(body_pointers(sources), (Texts{"/card", "/date", "/no"}));
}

TEST(Chains, TheNumberInAReply) {
  const struct {
    const char* name;
    const char* reply;
    std::optional<std::string> number;
  } rows[] = {
      {"an object", R"({"response":{"field":"noUrut","message":"A1"}})", "A1"},
      {"a list", R"({"response":[{"field":"noUrut","message":"A1"}]})", "A1"},
      {"a list of several", R"({"response":[{"field":"x","message":"9"},{"field":"noUrut","message":"A1"}]})", "A1"},
      {"field in another case", R"({"response":{"field":"nourut","message":"A1"}})", "A1"},
      {"a number", R"({"response":{"field":"noUrut","message":17}})", "17"},
      {"the text itself", R"({"response":"A1"})", "A1"},
      {"the second place", R"({"response":{"noUrut":"A7"}})", "A7"},
      {"another field", R"({"response":{"field":"noKunjungan","message":"A1"}})", std::nullopt},
      {"no field", R"({"response":{"message":"A1"}})", std::nullopt},
      {"words", R"({"response":{"field":"noUrut","message":"Peserta sudah di-entri"}})", std::nullopt},
      {"words alone", R"({"response":"sudah ada"})", std::nullopt},
      {"empty", R"({"response":{"field":"noUrut","message":""}})", std::nullopt},
      {"null", R"({"response":null})", std::nullopt},
      {"a fraction", R"({"response":1.5})", std::nullopt},
      {"a list of texts", R"({"response":["A1"]})", std::nullopt},
      {"nothing", R"({})", std::nullopt},
      {"no object", R"([])", std::nullopt},
  };
  const Yield yield{.reference = "noUrut", .in_reply = {"/response", "/response/noUrut"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(number_in_reply(yield, json::parse(row.reply)), row.number);
  }
}

TEST(Chains, TheNumberInAnEntry) {
  const Yield yield{.reference = "noUrut", .in_entry = "/noUrut"};
  EXPECT_EQ(number_in_entry(yield, json::parse(R"({"noUrut":"B12"})")), "B12");
  EXPECT_EQ(number_in_entry(yield, json::parse(R"({"noUrut":null})")), std::nullopt);
  EXPECT_EQ(number_in_entry(yield, json::parse(R"({})")), std::nullopt);
  EXPECT_EQ(number_in_entry({.reference = "noUrut"}, json::parse(R"("B12")")), std::nullopt) << "cannot be read back";
}

}  // namespace
}  // namespace titip::profile
