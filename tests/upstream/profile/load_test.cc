// The loader and the text of a profile: what is not JSON, what is left out, and the forms that the shipped profile does
// not use.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "upstream/profile/profile.h"

namespace titip::profile {
namespace {

using nlohmann::json;

TEST(LoadProfile, RefusesTextThatIsNotOneJsonValue) {
  const struct {
    const char* name;
    std::string text;
    const char* pointer;
    const char* words;
  } texts[] = {
      {"empty", "", "", "not JSON at line 1, column 1"},
      {"missing comma", "{\n  \"name\": \"x\"\n  \"version\": 1\n}", "", "line 3, column"},
      {"an array", "[]", "", "an object"},
      {"two values", "{} {}", "", "not JSON"},
      {"key twice", R"({"scheme":{"kind":"none","kind":"none"}})", "/scheme/kind", "twice"},
      {"key twice inside an array", R"({"routes":[{},{"id":"a","id":"b"}]})", "/routes/1/id", "twice"},
      {"key twice at the top", R"({"a/b":1,"a/b":1})", "/a/b", "twice"},
      {"too deep", std::string(100, '[') + std::string(100, ']'), "", "nested deeper"},
      {"number out of range", R"({"version":1e999})", "", "out of range"},
      {"not UTF-8", "{\"name\":\"\xff\"}", "", "not JSON"},
      {"too large", std::string((1U << 20U) + 1, ' '), "", "1 MiB"},
  };
  for (const auto& row : texts) {
    SCOPED_TRACE(row.name);
    const auto loaded = load_profile(row.text);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().pointer, row.pointer);
    EXPECT_NE(loaded.error().sentence.find(row.words), std::string::npos) << loaded.error().sentence;
  }
}

TEST(LoadProfile, DefaultsAndOtherForms) {
  json small = {
      {"name", "small"},
      {"version", 3},
      {"mount", "/small"},
      {"scheme", {{"kind", "none"}}},
      {"envelope", {{"response_pointer", "/r"}, {"code_pointer", "/c"}, {"message_pointer", "/m"}}},
      {"health_read", "/ping"},
      {"utc_offset", "-03:30"},
      {"routes", json::array({{{"id", "put"},
                               {"method", "PUT"},
                               {"path", "/thing/{no}"},
                               {"action", "queue"},
                               {"ordering_key", {"{no}", "facility"}},
                               {"after_unknown", "repeat"},
                               {"acknowledgement",
                                {{"http_status", 200}, {"code", 1}, {"message", "OK"}, {"response", nullptr}}}}})},
      {"rules", json::array({{{"id", "ok"}, {"code", {1}}, {"outcome", "delivered"}, {"served", true}},
                             {{"id", "else"}, {"outcome", "unknown"}, {"served", false}}})}};
  const auto loaded = load_profile("// a comment\n" + small.dump());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().pointer << ": " << loaded.error().sentence;
  EXPECT_EQ(loaded->version, 3U);
  EXPECT_EQ(loaded->utc_offset, -std::chrono::minutes(210));
  EXPECT_EQ(loaded->idempotency_header, "Idempotency-Key");
  EXPECT_TRUE(loaded->routes[0].update);
  EXPECT_EQ(loaded->routes[0].max_body_bytes, 256U << 10U);
  EXPECT_TRUE(loaded->routes[0].natural_key.empty());
  EXPECT_EQ(loaded->routes[0].acknowledgement.response_template, "");

  small["routes"][0]["update"] = false;
  small["routes"][0]["after_unknown"] = "probe";
  small["routes"][0]["probe"] = {{"read", "/thing/{no}?by={facility}"},
                                 {"entries", "/r"},
                                 {"identify", json::array({{{"in_entry", "/number"}, {"in_body", "{no}"}}})},
                                 {"compare", json::array({"/value"})}};
  const auto probing = load_profile(small.dump());
  ASSERT_TRUE(probing.has_value()) << probing.error().pointer << ": " << probing.error().sentence;
  EXPECT_FALSE(probing->routes[0].update);
  EXPECT_EQ(probing->routes[0].probe->identify[0].in_entry, "/number");
  EXPECT_EQ(probing->routes[0].probe->identify[0].in_body, "{no}");
  EXPECT_EQ(probing->routes[0].probe->compare[0].in_entry, "/value");
  EXPECT_EQ(probing->routes[0].probe->compare[0].in_body, "/value");
  EXPECT_FALSE(probing->routes[0].probe->paging);

  small["routes"][0]["probe"]["read"] = "/things/{no}/{start}/{limit}";
  small["routes"][0]["probe"]["paging"] = {{"count", "/r/count"}, {"size", 250}};
  const auto paged = load_profile(small.dump());
  ASSERT_TRUE(paged.has_value()) << paged.error().pointer << ": " << paged.error().sentence;
  EXPECT_EQ(paged->routes[0].probe->paging->count, "/r/count");
  EXPECT_EQ(paged->routes[0].probe->paging->size, 250U);

  small["routes"][0]["path"] = "/thing/{no}/{start}";
  const auto ambiguous = load_profile(small.dump());
  ASSERT_FALSE(ambiguous.has_value());
  EXPECT_NE(ambiguous.error().sentence.find("call that one something else"), std::string::npos);
}

}  // namespace
}  // namespace titip::profile
