#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "upstream/profile/profile.h"

namespace titip::profile {
namespace {

Profile sample() {
  Profile profile;
  profile.routes = {{.id = "read", .method = "GET", .path = "/tiket/nik/{nik}"},
                    {.id = "write", .method = "POST", .path = "/vaksin/simpan"},
                    {.id = "change", .method = "PUT", .path = "/vaksin/simpan"},
                    {.id = "remove", .method = "DELETE", .path = "/obat/{kd}/kunjungan/{no}"}};
  return profile;
}

struct Row {
  const char* name;
  const char* method;
  std::string path;
  const char* route;  // "": none
  std::map<std::string, std::string, std::less<>> parameters;
  std::vector<std::string> allowed;
};

const Row rows[] = {
    {"plain", "POST", "/vaksin/simpan", "write", {}, {"POST", "PUT"}},
    {"the other method", "PUT", "/vaksin/simpan", "change", {}, {"POST", "PUT"}},
    {"trailing slash", "POST", "/vaksin/simpan/", "write", {}, {"POST", "PUT"}},
    {"wrong method", "DELETE", "/vaksin/simpan", "", {}, {"POST", "PUT"}},
    {"method in lower case", "post", "/vaksin/simpan", "", {}, {"POST", "PUT"}},
    {"path in another case", "POST", "/Vaksin/simpan", "", {}, {}},
    {"one segment more", "POST", "/vaksin/simpan/1", "", {}, {}},
    {"one segment less", "POST", "/vaksin", "", {}, {}},
    {"empty", "GET", "", "", {}, {}},
    {"root", "GET", "/", "", {}, {}},
    {"no leading slash", "POST", "vaksin/simpan", "", {}, {}},
    {"a parameter", "GET", "/tiket/nik/3374015708900001", "read", {{"nik", "3374015708900001"}}, {"GET"}},
    {"two parameters", "DELETE", "/obat/7/kunjungan/0114A", "remove", {{"kd", "7"}, {"no", "0114A"}}, {"DELETE"}},
    {"a decoded parameter", "GET", "/tiket/nik/a%20b%2bc", "read", {{"nik", "a b+c"}}, {"GET"}},
    {"plus is a plus", "GET", "/tiket/nik/a+b", "read", {{"nik", "a+b"}}, {"GET"}},
    {"decoded UTF-8", "GET", "/tiket/nik/%C3%A9", "read", {{"nik", "\xC3\xA9"}}, {"GET"}},
    {"an encoded literal is that literal", "POST", "/v%61ksin/simpan", "write", {}, {"POST", "PUT"}},
    {"decoded once only", "GET", "/tiket/nik/%252F", "read", {{"nik", "%2F"}}, {"GET"}},
    {"empty segment", "POST", "/vaksin//simpan", "", {}, {}},
    {"empty segment first", "POST", "//vaksin/simpan", "", {}, {}},
    {"two trailing slashes", "POST", "/vaksin/simpan//", "", {}, {}},
    {"empty parameter", "GET", "/tiket/nik/", "", {}, {}},
    {"dot dot", "GET", "/tiket/nik/..", "", {}, {}},
    {"dot dot on the way", "POST", "/x/../vaksin/simpan", "", {}, {}},
    {"one dot", "GET", "/tiket/nik/.", "", {}, {}},
    {"encoded dot dot", "GET", "/tiket/nik/%2e%2E", "", {}, {}},
    {"encoded slash", "GET", "/tiket/nik/1%2F2", "", {}, {}},
    {"encoded backslash", "GET", "/tiket/nik/1%5c2", "", {}, {}},
    {"encoded zero", "GET", "/tiket/nik/1%00", "", {}, {}},
    {"encoded line feed", "GET", "/tiket/nik/1%0a", "", {}, {}},
    {"half an escape", "GET", "/tiket/nik/1%2", "", {}, {}},
    {"no escape at all", "GET", "/tiket/nik/%zz", "", {}, {}},
    {"a lone byte", "GET", "/tiket/nik/%FF", "", {}, {}},
    {"overlong UTF-8", "GET", "/tiket/nik/%C0%AE", "", {}, {}},
    {"overlong in three bytes", "GET", "/tiket/nik/%E0%80%AF", "", {}, {}},
    {"a surrogate", "GET", "/tiket/nik/%ED%A0%80", "", {}, {}},
    {"cut-off UTF-8", "GET", "/tiket/nik/%E2%82", "", {}, {}},
    {"a query", "GET", "/tiket/nik/1?x=1", "", {}, {}},
    {"too long", "GET", "/tiket/nik/" + std::string(3000, '1'), "", {}, {}},
};

TEST(Match, Table) {
  const Profile profile = sample();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const RouteMatch found = match(profile, row.method, row.path);
    EXPECT_EQ(found.route == nullptr ? "" : found.route->id, row.route);
    EXPECT_EQ(found.parameters, row.parameters);
    EXPECT_EQ(found.allowed_methods, row.allowed);
  }
}

TEST(Match, LiteralsInAnyCaseWhereTheProfileSaysSo) {
  Profile profile = sample();
  EXPECT_EQ(match(profile, "POST", "/Vaksin/SIMPAN/").route, nullptr);
  profile.ignores_path_case = true;
  const RouteMatch write = match(profile, "POST", "/Vaksin/SIMPAN/");
  ASSERT_NE(write.route, nullptr);
  EXPECT_EQ(write.route->id, "write");
  const RouteMatch removed = match(profile, "DELETE", "/OBAT/7a/Kunjungan/0114A");
  ASSERT_NE(removed.route, nullptr);
  EXPECT_EQ(removed.parameters.at("kd"), "7a") << "what is not the profile's keeps its case";
  EXPECT_EQ(removed.parameters.at("no"), "0114A");
  EXPECT_EQ(match(profile, "POST", "/vaks1n/simpan").route, nullptr);
}

}  // namespace
}  // namespace titip::profile
