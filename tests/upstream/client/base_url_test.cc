#include "upstream/client/base_url.h"

#include <gtest/gtest.h>

namespace titip::client {
namespace {

TEST(BaseUrl, good_ones) {
  struct Row {
    const char* url;
    const char* host;
    const char* port;
    const char* path;
  };
  for (const auto& row :
       {Row{"http://localhost", "localhost", "80", ""}, Row{"http://localhost/", "localhost", "80", ""},
        Row{"http://127.0.0.1:8080/vaksin-rest//", "127.0.0.1", "8080", "/vaksin-rest"},
        Row{"http://a.b/c/d", "a.b", "80", "/c/d"}, Row{"http://[::1]:81/x", "[::1]", "81", "/x"},
        Row{"http://[::1]", "[::1]", "80", ""}, Row{"http://a:65535", "a", "65535", ""},
        Row{"https://a.b/c", "a.b", "443", "/c"}, Row{"https://a:8443", "a", "8443", ""}}) {
    const auto base = parse_base_url(row.url);
    ASSERT_TRUE(base) << row.url << ": " << base.error();
    EXPECT_EQ(base->host, row.host) << row.url;
    EXPECT_EQ(base->port, row.port) << row.url;
    EXPECT_EQ(base->path, row.path) << row.url;
    EXPECT_EQ(base->tls, std::string_view(row.url).starts_with("https")) << row.url;
  }
}

TEST(BaseUrl, bad_ones_say_what_is_wrong) {
  struct Row {
    const char* url;
    const char* says;
  };
  for (const auto& row : {Row{"", "http://"},
                          Row{"ftp://a", "https://"},
                          Row{"localhost:80", "http://"},
                          Row{"http://", "host"},
                          Row{"http:///x", "host"},
                          Row{"http://:80", "host"},
                          Row{"http://a b", "host"},
                          Row{"http://a\r\nX-Y: z", "host"},
                          Row{"http://[]", "host"},
                          Row{"http://[a.b", "host"},
                          Row{"http://::1:80", "host"},
                          Row{"http://user@a", "user"},
                          Row{"http://a:", "port"},
                          Row{"http://a:x", "port"},
                          Row{"http://a:0", "port"},
                          Row{"http://a:65536", "port"},
                          Row{"http://a:-1", "port"},
                          Row{"http://a:99999999999999999999", "port"},
                          Row{"http://a/x?y", "query"},
                          Row{"http://a/x#y", "query"}}) {
    const auto base = parse_base_url(row.url);
    ASSERT_FALSE(base) << row.url;
    EXPECT_TRUE(base.error().contains(row.says)) << row.url << ": " << base.error();
  }
}

TEST(BaseUrl, OfAnAddressInBracketsTheAddressIsLookedUp) {
  const struct {
    const char* host;
    const char* bare;
  } rows[] = {{"[::1]", "::1"}, {"a.b", "a.b"}, {"127.0.0.1", "127.0.0.1"}, {"[", "["}, {"", ""}};
  for (const auto& row : rows) EXPECT_EQ(bare_host(row.host), row.bare) << row.host;
}

}  // namespace
}  // namespace titip::client
