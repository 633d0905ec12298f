#include "gateway/intake/references.h"

#include <vector>

#include "tests/gateway/intake/chain_fixture.h"

namespace titip::intake {
namespace {

using storage::Digest;
using storage::Reference;

storage::SubmissionId id_of(std::uint8_t number) {
  storage::SubmissionId id;
  id.bytes[15] = number;
  return id;
}
std::string stands_for(std::uint8_t number) {
  return "titip:" + id_of(number).text();
}

Reference known(std::uint8_t number, std::string value = {}) {
  return {id_of(number), "wrapped", storage::State::queued, {std::move(value)}};
}

TEST(References, how_the_stores_word_is_judged) {
  const auto profile = clinic_profile();
  auto route = *profile::find_route(profile, "obat");
  route.quotes.push_back({"noUrut", "/noUrut", {}});
  struct Row {
    const char* name;
    const char* number;
    std::optional<Reference> found;
    bool unknown;
    bool awaited;
    bool joins;  // the origin's line
  };
  const Row rows[] = {
      {"provisional, not known yet", "0114A0260826T000001", known(1), false, true, true},
      {"provisional, known by now", "0114A0260826T000001", known(1, "sealed"), false, false, true},
      {"the real one of a record in custody", "0114A0260815Y000003", known(1, "sealed"), false, false, true},
      {"a provisional one nobody gave", "0114A0260826T000001", std::nullopt, true, false, false},
      {"another facility's shape", "0905R0020826T000001", std::nullopt, true, false, false},
      {"a real one nobody knows", "0114A0260815Y000003", std::nullopt, false, false, false},
      {"nonsense", "x y", std::nullopt, false, false, false},
  };
  const Digest key{7};
  for (const auto& row : rows) {
    profile::Chain chain;
    chain.quotes = {{"noKunjungan", "/noKunjungan", {}, row.number}};
    const std::vector<Digest> keys{key};
    const std::vector<std::optional<Reference>> found{row.found};
    const auto quoted = judge_quotes(profile, route, chain, keys, found);
    EXPECT_EQ(quoted.unknown.size(), row.unknown ? 1U : 0U) << row.name;
    EXPECT_EQ(quoted.awaited, row.awaited ? std::vector{key} : std::vector<Digest>{}) << row.name;
    EXPECT_EQ(quoted.ordering_from.has_value(), row.joins) << row.name;
    EXPECT_EQ(quoted.origins.size(), row.found ? 1U : 0U) << row.name;
    if (row.found) EXPECT_EQ(quoted.origins.at("/noKunjungan"), stands_for(1)) << row.name;
  }
  // Of several only the one that the route names gives the line.
  profile::Chain chain;
  chain.quotes = {{"noUrut", "/noUrut", {}, "T001"}, {"noKunjungan", "/noKunjungan", {}, "0114A0260826T000001"}};
  const std::vector<Digest> keys{Digest{1}, Digest{2}};
  const std::vector<std::optional<Reference>> found{known(1), known(2)};
  const auto quoted = judge_quotes(profile, route, chain, keys, found);
  EXPECT_EQ(quoted.ordering_from, id_of(2));
  EXPECT_EQ(quoted.awaited, (std::vector{Digest{1}, Digest{2}}));
}

TEST(References, what_stands_for_a_number_where_equals_must_look_equal) {
  struct Row {
    const char* name;
    const char* body;
    Origins origins;
    std::string canonical;
  };
  const Row rows[] = {
      {"nothing quoted", R"({ "a":"T1" })", {}, R"({ "a":"T1" })"},
      {"one place, all other bytes as they were",
       R"({ "a" : "T1", "b":"T1" ,"c":1.0})",
       {{"/a", "o"}},
       R"({ "a" : "o", "b":"T1" ,"c":1.0})"},
      {"a number is as good as a text", R"({"a":17})", {{"/a", "o"}}, R"({"a":"o"})"},
      {"escapes are", R"({"a":"\u0054\u0031"})", {{"/a", "o"}}, R"({"a":"o"})"},
      {"deep", R"({"a":{"b":"T1"},"b":"T1"})", {{"/a/b", "o"}}, R"({"a":{"b":"o"},"b":"T1"})"},
      {"two", R"({"a":"T1","b":"T2"})", {{"/a", "o"}, {"/b", "p"}}, R"({"a":"o","b":"p"})"},
      {"a path's is not the body's", R"({"a":"T1"})", {{"{a}", "o"}}, R"({"a":"T1"})"},
  };
  for (const auto& row : rows) EXPECT_EQ(canonical_body(row.body, row.origins), row.canonical) << row.name;

  const std::map<std::string, std::string, std::less<>> parameters{{"no", "T1"}, {"kd", "T1"}};
  EXPECT_EQ(canonical_parameters(parameters, {{"{no}", "o"}, {"/kd", "p"}}),
            (std::map<std::string, std::string, std::less<>>{{"no", "o"}, {"kd", "T1"}}));
}

TEST(References, what_stands_for_a_number_in_a_natural_key) {
  auto route = queued_route("r", "POST", "/r");
  route.natural_key = {"/other|/no", "/no", "/date", "/kd"};
  Identity identity;
  identity.natural = {"X", "T1", "2026-08-15", "T1", "2026-08-15"};
  identity.chain.quotes = {{"number", "/no", {}, "T1"}};
  EXPECT_EQ(canonical_natural(route, identity, {{"/no", "o"}}),
            (std::vector<std::string>{"X", "o", "2026-08-15", "T1", "2026-08-15"}))
      << "only where the number itself was read";
  EXPECT_EQ(canonical_natural(route, identity, {}), *identity.natural);
}

TEST(References, keys_are_of_one_facility_and_one_scope) {
  const tests::TestSealer sealer;
  const auto profile = clinic_profile();
  const profile::YieldedNumber yielded{"noUrut", {"2026-08-15", "001"}};
  const auto made = make_number(*sealer, {"clinic", "0114A026"}, profile, yielded, "2026-08-15", 123);
  EXPECT_EQ(made.number, "T321");
  EXPECT_EQ(made.reference, "noUrut");
  profile::Chain chain;
  chain.quotes = {{"noUrut", "{noUrut}", {"2026-08-15", "001"}, "T321"},
                  {"noUrut", "{noUrut}", {"2026-08-16", "001"}, "T321"}};
  EXPECT_EQ(keys_of_quotes(*sealer, {"clinic", "0114A026"}, chain)[0], made.key) << "who quotes it finds it";
  EXPECT_NE(keys_of_quotes(*sealer, {"clinic", "0114A026"}, chain)[1], made.key);
  EXPECT_NE(keys_of_quotes(*sealer, {"clinic", "0114A027"}, chain)[0], made.key);
  EXPECT_NE(keys_of_quotes(*sealer, {"other", "0114A026"}, chain)[0], made.key);
}

TEST(References, what_is_required_provided_and_taken_back) {
  const tests::TestSealer sealer;
  const storage::KeySpace space{"clinic", "0114A026"};
  const auto profile = clinic_profile();
  const auto& registration = *profile::find_route(profile, "pendaftaran");
  const auto& removal = *profile::find_route(profile, "pendaftaran/hapus");
  profile::Chain provider;
  provider.provides = {"0001", "2026-08-15", "001"};
  profile::Chain dependant;
  dependant.requirements = {{"pendaftaran", {"0001", "2026-08-15", "001"}}};
  const auto provided = key_provided(*sealer, space, registration, provider);
  ASSERT_TRUE(provided);
  EXPECT_EQ(keys_required(*sealer, space, dependant), std::vector{*provided});
  EXPECT_FALSE(key_provided(*sealer, space, registration, {}));

  profile::Chain by_number;
  by_number.quotes = {{"noUrut", "{noUrut}", {"2026-08-15", "001"}, "T321"}};
  EXPECT_EQ(key_taken_back(*sealer, space, removal, by_number), keys_of_quotes(*sealer, space, by_number)[0]);
  EXPECT_FALSE(key_taken_back(*sealer, space, removal, {})) << "it quotes nothing";
  EXPECT_FALSE(key_taken_back(*sealer, space, registration, by_number)) << "it is no removal";
  profile::Chain by_identity;
  by_identity.takes_back = profile::RequiredRecord{"pendaftaran", {"0001", "2026-08-15", "001"}};
  EXPECT_EQ(key_taken_back(*sealer, space, removal, by_identity), provided);
}

}  // namespace
}  // namespace titip::intake
