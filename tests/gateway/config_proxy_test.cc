// The proxy of a destination in the config: where it is, and what it is told of us.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "gateway/config.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::gateway {
namespace {

class ProxyConfigTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text, mode_t mode) {
    std::filesystem::remove(temporary_ / name);
    std::ofstream(temporary_ / name) << text;
    ASSERT_EQ(::chmod((temporary_ / name).c_str(), mode), 0);
  }
  std::expected<Config, ConfigError> proxy(std::string_view text) {
    return parse_config(fmt::format(R"({{"data_directory": "d", "destinations": [
                                          {{"profile": "pcare-vaksin", "base_url": "https://a.test", "proxy": {}}}]}})",
                                    text),
                        temporary_.path());
  }

  tests::TemporaryDirectory temporary_;
};

TEST_F(ProxyConfigTest, ArrivesWhereItBelongs) {
  const auto plain = proxy(R"({"url": "http://10.0.0.5:3128"})");
  ASSERT_TRUE(plain) << plain.error().pointer << ": " << plain.error().sentence;
  const auto& way = plain->destinations.at(0).transport.proxy;
  ASSERT_TRUE(way);
  EXPECT_EQ(way->host, "10.0.0.5");
  EXPECT_EQ(way->port, "3128");
  EXPECT_EQ(way->authorization, "");

  write("proxy.pass", "desk:open sesame: always\n", 0600);
  const auto known = proxy(R"({"url": "http://[::1]/", "credentials_file": "proxy.pass"})");
  ASSERT_TRUE(known) << known.error().pointer << ": " << known.error().sentence;
  EXPECT_EQ(known->destinations.at(0).transport.proxy->host, "[::1]");
  EXPECT_EQ(known->destinations.at(0).transport.proxy->port, "80");
  EXPECT_EQ(known->destinations.at(0).transport.proxy->authorization, "Basic ZGVzazpvcGVuIHNlc2FtZTogYWx3YXlz");
}

TEST_F(ProxyConfigTest, MistakesAreNamedByTheirPlaceAndASentence) {
  const struct {
    const char* text;
    const char* pointer;
    const char* says;
  } rows[] = {
      {"{}", "/destinations/0/proxy", "needs a \"url\""},
      {R"("http://p:3128")", "/destinations/0/proxy", "must be an object"},
      {R"({"url": "https://p"})", "/destinations/0/proxy/url", "http://HOST:PORT"},
      {R"({"url": "p:3128"})", "/destinations/0/proxy/url", "http://HOST:PORT"},
      {R"({"url": "http://p:3128/x"})", "/destinations/0/proxy/url", "http://HOST:PORT"},
      {R"({"url": "http://u:w@p:3128"})", "/destinations/0/proxy/url", "credentials_file"},
      {R"({"url": "http://p:3128", "user": "u"})", "/destinations/0/proxy/user", "it knows: url, credentials_file"},
      {R"({"url": "http://p:3128", "credentials_file": "none"})", "/destinations/0/proxy/credentials_file", "none"},
  };
  for (const auto& row : rows) {
    const auto config = proxy(row.text);
    ASSERT_FALSE(config) << row.text;
    EXPECT_EQ(config.error().pointer, row.pointer) << row.text << ": " << config.error().sentence;
    EXPECT_TRUE(config.error().sentence.contains(row.says)) << row.text << ": " << config.error().sentence;
  }
}

TEST_F(ProxyConfigTest, CredentialsAreOneLineOfAFileThatIsNobodyElses) {
  const struct {
    std::string text;
    mode_t mode;
    const char* says;
  } rows[] = {{"desk:open sesame", 0640, "chmod 600"},
              {"", 0600, "empty"},
              {"open sesame", 0600, "USER:PASSWORD"},
              {":open sesame", 0600, "USER:PASSWORD"},
              {"desk:open sesame\nX-Other: 1", 0600, "USER:PASSWORD"},
              {"desk:open sesame\x7f", 0600, "USER:PASSWORD"},
              {"desk:" + std::string(1020, 'x'), 0600, "1024 bytes at most"}};
  for (const auto& row : rows) {
    write("proxy.pass", row.text, row.mode);
    const auto config = proxy(R"({"url": "http://p:3128", "credentials_file": "proxy.pass"})");
    ASSERT_FALSE(config) << row.text;
    EXPECT_EQ(config.error().pointer, "/destinations/0/proxy/credentials_file");
    EXPECT_TRUE(config.error().sentence.contains(row.says)) << config.error().sentence;
    EXPECT_FALSE(config.error().sentence.contains("open sesame")) << config.error().sentence;
  }
}

}  // namespace
}  // namespace titip::gateway
