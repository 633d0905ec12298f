#include "upstream/scheme/callback_url.h"

#include <gtest/gtest.h>

namespace titip::scheme {
namespace {

TEST(CallbackUrl, is_taken_apart) {
  const struct {
    const char* url;
    bool tls;
    const char* host;
    const char* port;
    const char* target;
    const char* origin;
  } rows[] = {
      {"https://klinik.example/titip", true, "klinik.example", "443", "/titip", "https://klinik.example"},
      {"https://Klinik.Example", true, "klinik.example", "443", "/", "https://klinik.example"},
      {"https://klinik.example:8443/a/b?c=d&e", true, "klinik.example", "8443", "/a/b?c=d&e",
       "https://klinik.example:8443"},
      {"https://klinik.example?c=d", true, "klinik.example", "443", "/?c=d", "https://klinik.example"},
      {"https://198.51.100.7/x", true, "198.51.100.7", "443", "/x", "https://198.51.100.7"},
      {"https://[2001:DB8::1]:444/x", true, "2001:db8::1", "444", "/x", "https://[2001:db8::1]:444"},
      {"http://127.0.0.1:9000/x", false, "127.0.0.1", "9000", "/x", "http://127.0.0.1:9000"},
      {"http://[::1]/x", false, "::1", "80", "/x", "http://[::1]"},
      {"http://localhost/", false, "localhost", "80", "/", "http://localhost"},
  };
  for (const auto& row : rows) {
    const auto url = parse_callback_url(row.url);
    ASSERT_TRUE(url) << row.url << ": " << url.error().english;
    EXPECT_EQ(url->tls, row.tls) << row.url;
    EXPECT_EQ(url->host, row.host);
    EXPECT_EQ(url->port, row.port);
    EXPECT_EQ(url->target, row.target);
    EXPECT_EQ(url->origin(), row.origin);
  }
}

TEST(CallbackUrl, what_is_none_is_refused_with_a_sentence) {
  const std::string long_one = "https://klinik.example/" + std::string(callback_url_bytes, 'a');
  for (const auto* url : {"",
                          "klinik.example",
                          "ftp://klinik.example/",
                          "https://",
                          "https:///x",
                          "https://:443/x",
                          "https://user@klinik.example/",
                          "https://user:word@klinik.example/",
                          "https://klinik.example/#a",
                          "https://klinik.example:0/",
                          "https://klinik.example:65536/",
                          "https://klinik.example:/",
                          "https://klinik.example:44a/",
                          "https://[::1/x",
                          "https://[::1]x/",
                          "https://[kl]/",
                          "https://kl inik.example/",
                          "https://klinik.example/\r\nHost: other",
                          "https://klinik%2eexample/",
                          "https://klinik.example\\@other/",
                          "https://kliník.example/",
                          long_one.c_str()}) {
    const auto parsed = parse_callback_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_FALSE(parsed.error().english.empty());
  }
}

// Whoever reads it on the way would read what happened to which submission.
TEST(CallbackUrl, without_tls_only_to_this_very_machine) {
  for (const auto* url : {"http://klinik.example/", "http://10.0.0.1/", "http://127.0.0.1.klinik.example/",
                          "http://localhost.klinik.example/", "http://2130706433/"}) {
    const auto parsed = parse_callback_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_NE(parsed.error().english.find("https://"), std::string::npos);
  }
}

}  // namespace
}  // namespace titip::scheme
