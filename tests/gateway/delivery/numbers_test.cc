#include "gateway/delivery/numbers.h"

#include <gtest/gtest.h>

namespace titip::delivery {
namespace {

profile::Route route(std::string path) {
  profile::Route made;
  made.path = std::move(path);
  return made;
}

struct Row {
  const char* name;
  std::string path;
  std::string target;
  std::string body;
  std::vector<Placed> numbers;
  std::string target_then;
  std::string body_then;
};

const Row rows[] = {
    {"none", "/kunjungan/{no}", "/kunjungan/T1", "", {}, "/kunjungan/T1", ""},
    {"the last segment", "/kunjungan/{no}", "/kunjungan/T1", "", {{"{no}", "A1"}}, "/kunjungan/A1", ""},
    {"the query stays", "/kunjungan/{no}", "/kunjungan/T1?x=T1", "", {{"{no}", "A1"}}, "/kunjungan/A1?x=T1", ""},
    {"a trailing slash stays", "/kunjungan/{no}", "/kunjungan/T1/", "", {{"{no}", "A1"}}, "/kunjungan/A1/", ""},
    {"one in the middle, and its likes stay",
     "/p/{a}/noUrut/{n}/kdPoli/{p}",
     "/P/T1/noUrut/T1/kdPoli/T1",
     "",
     {{"{n}", "A1"}},
     "/P/T1/noUrut/A1/kdPoli/T1",
     ""},
    {"escaped as a segment",
     "/kunjungan/{no}",
     "/kunjungan/T%31",
     "",
     {{"{no}", "A/1 é"}},
     "/kunjungan/A%2F1%20%C3%A9",
     ""},
    {"in the body, not in free text",
     "/obat/kunjungan",
     "/obat/kunjungan",
     R"({"noKunjungan": "T1", "ket":"T1"})",
     {{"/noKunjungan", "A1"}},
     "/obat/kunjungan",
     R"({"noKunjungan": "A1", "ket":"T1"})"},
    {"both", "/x/{n}", "/x/T1", R"({"n":"T1"})", {{"{n}", "A1"}, {"/n", "A1"}}, "/x/A1", R"({"n":"A1"})"},
};

TEST(WithNumbers, PutsThemInTheirPlacesAndNowhereElse) {
  for (const auto& row : rows) {
    const auto made =
        with_numbers(route(row.path), {"POST", row.target, "text/plain", row.body, "secret"}, row.numbers);
    ASSERT_TRUE(made) << row.name;
    EXPECT_EQ(made->target, row.target_then) << row.name;
    EXPECT_EQ(made->body, row.body_then) << row.name;
    EXPECT_EQ(made->content_type, "text/plain") << row.name;
    EXPECT_EQ(made->credentials, "secret") << row.name;
  }
}

TEST(WithNumbers, RefusesWhatHasNoSuchPlace) {
  const storage::Payload payload{"DELETE", "/kunjungan", "", "", ""};
  EXPECT_FALSE(with_numbers(route("/kunjungan/{no}"), payload, {{"{no}", "A1"}}));
  EXPECT_FALSE(with_numbers(route("/kunjungan/{no}"), payload, {{"{other}", "A1"}}));
  EXPECT_FALSE(with_numbers(route("/kunjungan/{no}"), payload, {{"/no", "A1"}}));
  EXPECT_FALSE(with_numbers(route("/kunjungan/{no}"), payload, {{"nonsense", "A1"}}));
}

}  // namespace
}  // namespace titip::delivery
