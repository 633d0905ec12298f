// The front listener in the config: its TLS, who is let in, and where it may be opened.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "gateway/config.h"
#include "gateway/exposure.h"
#include "tests/gateway/http/certificates.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::gateway {
namespace {

class FrontConfigTest : public testing::Test {
 protected:
  FrontConfigTest() {
    const tests::Certificate authority("DNS:authority");
    const tests::Certificate own("DNS:localhost", &authority);
    write("own.pem", own.pem(), 0644);
    write("own.key", own.key_pem(), 0600);
    write("loose.key", own.key_pem(), 0640);
    write("other.key", authority.key_pem(), 0600);
    write("clinics.pem", authority.pem(), 0644);
  }
  void write(const std::string& name, std::string_view text, mode_t mode) {
    std::ofstream(directory_ / name) << text;
    ASSERT_EQ(::chmod((directory_ / name).c_str(), mode), 0);
  }
  std::expected<Config, ConfigError> front(std::string_view text, std::string_view profile = "pcare-vaksin") {
    return parse_config(
        fmt::format(
            R"({{"data_directory": "d", "front": {}, "destinations": [{{"profile": "{}", "base_url": "http://a"}}]}})",
            text, profile),
        directory_);
  }
  void expect_mistake(std::string_view text, std::string_view pointer, std::string_view words) {
    const auto config = front(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().pointer, pointer) << config.error().sentence;
    EXPECT_TRUE(config.error().sentence.contains(words)) << config.error().sentence;
  }
  std::string complaint(std::string_view text, std::string_view profile = "pcare-vaksin") {
    const auto config = front(text, profile);
    EXPECT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
    return config ? exposure_complaint(*config) : "";
  }

  static constexpr auto tls = R"("tls": {"certificate_file": "own.pem", "key_file": "own.key"})";
  tests::TemporaryDirectory temporary_;
  std::filesystem::path directory_ = temporary_.path();
};

TEST_F(FrontConfigTest, limits_have_bounds) {
  using namespace std::chrono_literals;
  const auto config = front(R"({"connections_per_address": 3, "in_flight_bytes": 2000000,
      "in_flight_bytes_per_address": 100000, "body_grace_ms": 101, "body_bytes_per_second": 4,
      "facility_requests_per_second": 5, "facility_burst": 6})");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  const auto& limits = config->front.limits;
  EXPECT_EQ(limits.connections_per_address, 3U);
  EXPECT_EQ(limits.in_flight_bytes, 2'000'000U);
  EXPECT_EQ(limits.in_flight_bytes_per_address, 100'000U);
  EXPECT_EQ(limits.body_grace, 101ms);
  EXPECT_EQ(limits.body_rate, 4U);
  EXPECT_EQ(config->front.facility_rate.per_second, 5U);
  EXPECT_EQ(config->front.facility_rate.burst, 6U);
  for (const auto* wrong : {"connections_per_address", "in_flight_bytes", "in_flight_bytes_per_address",
                            "body_grace_ms", "facility_burst"}) {
    const auto refused = front(fmt::format(R"({{"{}": 0}})", wrong));
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().pointer, fmt::format("/front/{}", wrong));
  }
}

TEST_F(FrontConfigTest, so_many_records_of_a_facility_may_be_pending) {
  const auto of = [&](std::string_view text) { return front(text)->front.facility_pending; };
  EXPECT_EQ(of("{}"), 100'000U);
  EXPECT_EQ(of(R"({"facility_pending": 7})"), 7U);
  EXPECT_EQ(of(R"({"facility_pending": 0})"), 0U) << "any number";
  expect_mistake(R"({"facility_pending": -1})", "/front/facility_pending", "0");
  expect_mistake(R"({"facility_pending": 1000000001})", "/front/facility_pending", "1000000000");
}

TEST_F(FrontConfigTest, tls_is_read_from_its_files) {
  const auto config = front(
      R"({"tls": {"certificate_file": "own.pem", "key_file": "own.key", "client_authorities_file": "clinics.pem"},
          "handshake_deadline_ms": 1234})");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  ASSERT_TRUE(config->front.tls);
  EXPECT_TRUE(config->front.tls->certificates.starts_with("-----BEGIN CERTIFICATE"));
  EXPECT_TRUE(config->front.tls->key.contains("PRIVATE KEY"));
  EXPECT_TRUE(config->front.tls->client_authorities.starts_with("-----BEGIN CERTIFICATE"));
  EXPECT_EQ(config->front.limits.handshake_deadline.count(), 1234);
  EXPECT_FALSE(front("{}")->front.tls);
}

TEST_F(FrontConfigTest, what_tls_cannot_use_is_named) {
  expect_mistake(R"({"tls": {"certificate_file": "own.pem"}})", "/front/tls", "key_file");
  expect_mistake(R"({"tls": {"certificate_file": "none.pem", "key_file": "own.key"}})", "/front/tls/certificate_file",
                 "cannot read");
  expect_mistake(R"({"tls": {"certificate_file": "own.pem", "key_file": "loose.key"}})", "/front/tls/key_file",
                 "chmod 600");
  expect_mistake(R"({"tls": {"certificate_file": "own.pem", "key_file": "other.key"}})", "/front/tls",
                 "does not belong to the certificate");
  expect_mistake(R"({"tls": {"certificate_file": "own.key", "key_file": "own.key"}})", "/front/tls",
                 "the certificate cannot be read");
}

TEST_F(FrontConfigTest, admission_says_what_proves_a_facility) {
  const auto config = front(fmt::format(
      R"({{{}, "admission": {{"networks": ["10.20.0.0/16", "2001:db8::/32"], "api_keys": true,
          "failures_per_second": 2, "failures_burst": 3}}}})",
      tls));
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  const auto& admission = config->front.admission;
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->networks.size(), 2U);
  EXPECT_TRUE(admission->networks.at(0).has("10.20.1.1"));
  EXPECT_TRUE(admission->api_keys);
  EXPECT_EQ(admission->failures.per_second, 2U);
  EXPECT_EQ(admission->failures.burst, 3U);
  expect_mistake(R"({"admission": {}})", "/front/admission", "lets nobody in");
  expect_mistake(R"({"plain_http": true, "admission": {"networks": ["10.20.0.0/16"]}})", "/front/admission/networks",
                 "behind a proxy");
  expect_mistake(R"({"admission": {"networks": ["10.20.0.1/16"]}})", "/front/admission/networks/0", "bits behind");
  expect_mistake(R"({"admission": {"certificate_domain": "faskes.test"}})", "/front/admission/certificate_domain",
                 "client_authorities_file");
}

TEST_F(FrontConfigTest, proxies_are_named_and_nothing_wide_is) {
  const auto config = front(
      R"({"trusted_proxies": ["10.0.0.1", "10.8.0.0/16", "2001:db8::/32"], "proxy_protocol": "required",
          "proxy_header_bytes": 512, "forwarded_field": "forwarded"})");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  const auto& proxies = config->front.limits.proxies;
  EXPECT_EQ(proxies.trusted.size(), 3U);
  EXPECT_TRUE(proxies.trust("10.8.1.1"));
  EXPECT_FALSE(proxies.trust("10.0.0.2"));
  EXPECT_TRUE(proxies.send_header);
  EXPECT_EQ(proxies.header_bytes, 512U);
  EXPECT_EQ(proxies.field, http::AddressField::forwarded);
  const auto none = front("{}");
  EXPECT_TRUE(none->front.limits.proxies.trusted.empty());
  EXPECT_FALSE(none->front.limits.proxies.send_header);
  EXPECT_EQ(none->front.limits.proxies.field, http::AddressField::x_forwarded_for);
  for (const auto* wide : {"0.0.0.0/0", "10.0.0.0/7", "::/0", "::/80", "2000::/8", "::ffff:0:0/96"})
    expect_mistake(fmt::format(R"({{"trusted_proxies": ["10.0.0.1", "{}"]}})", wide), "/front/trusted_proxies/1",
                   "too wide");
  expect_mistake(R"({"trusted_proxies": ["proxy.example"]})", "/front/trusted_proxies/0", "is no network");
  expect_mistake(R"({"trusted_proxies": "10.0.0.1"})", "/front/trusted_proxies", "a list");
  expect_mistake(R"({"proxy_protocol": "required"})", "/front/proxy_protocol", "trusted_proxies");
  expect_mistake(R"({"proxy_protocol": "on"})", "/front/proxy_protocol", R"("off" or "required")");
  expect_mistake(R"({"forwarded_field": "x-real-ip"})", "/front/forwarded_field", "forwarded");
  expect_mistake(R"({"proxy_header_bytes": 231})", "/front/proxy_header_bytes", "232");
}

TEST_F(FrontConfigTest, networks_behind_a_proxy_count_by_its_word_alone) {
  const auto behind =
      front(R"({"plain_http": true, "trusted_proxies": ["10.0.0.1"], "admission": {"networks": ["10.20.0.0/16"]}})");
  ASSERT_TRUE(behind) << behind.error().pointer << ": " << behind.error().sentence;
  EXPECT_TRUE(behind->front.admission->networks_by_proxy);
  EXPECT_FALSE(front(R"({"admission": {"networks": ["10.20.0.0/16"]}})")->front.admission->networks_by_proxy);
}

TEST_F(FrontConfigTest, pages_are_named_one_by_one) {
  const auto config = front(R"({"cors": {"origins": ["https://app.example"], "max_age_s": 5, "credentials": true}})");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  ASSERT_TRUE(config->front.cors);
  EXPECT_EQ(config->front.cors->origins, std::vector<std::string>{"https://app.example"});
  EXPECT_EQ(config->front.cors->max_age_s, 5U);
  EXPECT_TRUE(config->front.cors->credentials);
  EXPECT_FALSE(front("{}")->front.cors);
  expect_mistake(R"({"cors": {}})", "/front/cors", "origins");
  expect_mistake(R"({"cors": {"origins": []}})", "/front/cors/origins", "1 to 64");
  expect_mistake(R"({"cors": {"origins": ["https://a.example", "*"]}})", "/front/cors/origins/1", "one by one");
  expect_mistake(R"({"cors": {"origins": ["https://a.example/"]}})", "/front/cors/origins/0", "without a path");
  expect_mistake(R"({"cors": {"origins": ["https://a.example"], "max_age_s": 86401}})", "/front/cors/max_age_s",
                 "86400");
}

TEST_F(FrontConfigTest, a_proxy_on_this_machine_stands_there_for_others) {
  const auto said = complaint(R"({"trusted_proxies": ["127.0.0.1"]})");
  EXPECT_TRUE(said.contains("trusted_proxies") && said.contains("titip facility key")) << said;
  EXPECT_EQ(complaint(R"({"trusted_proxies": ["127.0.0.1"], "admission": {"api_keys": true}})"), "");
  const auto open =
      complaint(R"({"address": "0.0.0.0", "trusted_proxies": ["127.0.0.1"], "admission": {"api_keys": true}})");
  EXPECT_TRUE(open.contains("certificate_file")) << open;
}

TEST_F(FrontConfigTest, a_proxy_that_plain_http_speaks_of_stands_there_for_others_too) {
  for (const auto* address : {"127.0.0.1", "::1"}) {
    const auto said = complaint(fmt::format(R"({{"address": "{}", "plain_http": true}})", address));
    EXPECT_TRUE(said.contains("titip facility key") && said.contains("proxy")) << said;
  }
  EXPECT_EQ(complaint(R"({"plain_http": true, "admission": {"api_keys": true}})"), "");
  EXPECT_EQ(complaint(R"({"plain_http": true})", "pcare-rest"), "") << "its callers sign what they send";
}

TEST_F(FrontConfigTest, where_codes_alone_let_in_a_start_says_so) {
  const auto warning = [this](std::string_view text, std::string_view profile) {
    return exposure_warning(*front(text, profile));
  };
  const auto said = warning("{}", "pcare-vaksin");
  EXPECT_TRUE(said.contains("pcare-vaksin") && said.contains("admission")) << said;
  EXPECT_EQ(warning("{}", "pcare-rest"), "");
  EXPECT_EQ(warning(R"({"admission": {"api_keys": true}})", "pcare-vaksin"), "");
}

TEST_F(FrontConfigTest, log_ins_have_bounds) {
  const auto config = front(
      R"({"log_ins_per_second": 3, "log_ins_burst": 4, "shared_log_ins_per_second": 0, "shared_log_ins_burst": 6})");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  EXPECT_EQ(config->front.log_ins.of_one.per_second, 3U);
  EXPECT_EQ(config->front.log_ins.of_one.burst, 4U);
  EXPECT_EQ(config->front.log_ins.of_many.per_second, 0U) << "any number";
  EXPECT_EQ(config->front.log_ins.of_many.burst, 6U);
  EXPECT_FALSE(config->front.log_ins.behind_proxy);
  EXPECT_TRUE(front(R"({"plain_http": true})")->front.log_ins.behind_proxy);
  expect_mistake(R"({"log_ins_burst": 0})", "/front/log_ins_burst", "1");
  expect_mistake(R"({"shared_log_ins_burst": 100001})", "/front/shared_log_ins_burst", "100000");
}

// systemd's own mode for them; anywhere else it is a secret that others may read.
TEST_F(FrontConfigTest, a_secret_may_be_a_credential_of_systemds) {
  constexpr auto with = R"({"tls": {"certificate_file": "own.pem", "key_file": "credentials/key"}})";
  std::filesystem::create_directory(directory_ / "credentials");
  std::filesystem::copy(directory_ / "loose.key", directory_ / "credentials/key");
  ASSERT_EQ(::chmod((directory_ / "credentials/key").c_str(), 0440), 0);
  expect_mistake(with, "/front/tls/key_file", "chmod 600");
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", (directory_ / "credentials").c_str(), 1), 0);
  const auto config = front(with);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  ASSERT_TRUE(config) << config.error().pointer << ": " << config.error().sentence;
  EXPECT_TRUE(config->front.tls->key.contains("PRIVATE KEY"));
}

TEST_F(FrontConfigTest, the_admin_api_with_a_certificate_may_be_reached_from_elsewhere) {
  const auto with = [this](std::string_view admin) {
    return parse_config(fmt::format(R"({{"data_directory": "d", "admin": {},
      "destinations": [{{"profile": "pcare-vaksin", "base_url": "http://a"}}]}})",
                                    admin),
                        directory_);
  };
  const auto open = with(fmt::format(R"({{"listen": {{"address": "0.0.0.0"}}, {}}})", tls));
  ASSERT_TRUE(open) << open.error().pointer << ": " << open.error().sentence;
  EXPECT_TRUE(open->admin.tls->key.contains("PRIVATE KEY"));
  const auto loose = with(R"({"tls": {"certificate_file": "own.pem", "key_file": "loose.key"}})");
  ASSERT_FALSE(loose);
  EXPECT_EQ(loose.error().pointer, "/admin/tls/key_file");
  const auto clients = with(
      R"({"tls": {"certificate_file": "own.pem", "key_file": "own.key", "client_authorities_file": "clinics.pem"}})");
  ASSERT_FALSE(clients) << "nothing there asks for a certificate";
  EXPECT_EQ(clients.error().pointer, "/admin/tls/client_authorities_file");
}

TEST_F(FrontConfigTest, other_machines_reach_no_listener_in_the_clear) {
  EXPECT_EQ(complaint(R"({"address": "127.0.0.1"})"), "");
  EXPECT_EQ(complaint(R"({"address": "::1"})"), "");
  for (const auto* address : {"0.0.0.0", "::", "192.0.2.1"}) {
    const auto said = complaint(fmt::format(R"({{"address": "{}", "admission": {{"api_keys": true}}}})", address));
    EXPECT_TRUE(said.contains(address) && said.contains("certificate_file") && said.contains("plain_http")) << said;
  }
  EXPECT_EQ(complaint(R"({"address": "0.0.0.0", "plain_http": true, "admission": {"api_keys": true}})"), "");
}

TEST_F(FrontConfigTest, other_machines_reach_no_mount_where_a_code_is_enough) {
  const auto open = fmt::format(R"({{"address": "0.0.0.0", {}}})", tls);
  const auto said = complaint(open);
  for (const auto* word : {"pcare-vaksin", "api_keys", "titip facility key", "certificate_domain", "networks"})
    EXPECT_TRUE(said.contains(word)) << word << ": " << said;
  EXPECT_EQ(complaint(open, "pcare-rest"), "") << "its callers sign what they send";
  EXPECT_EQ(complaint(fmt::format(R"({{"address": "0.0.0.0", {}, "admission": {{"networks": ["10.0.0.0/8"]}}}})", tls)),
            "");
}

TEST_F(FrontConfigTest, a_facilitys_api_keys_are_kept_as_hashes) {
  write("new", std::string(40, 'n') + "\n", 0600);
  write("old", std::string(40, 'o') + "\n", 0600);
  write("short", "hunter2\n", 0600);
  const auto with = [this](std::string_view file) {
    return parse_config(
        fmt::format(R"({{"data_directory": "d", "destinations": [{{"profile": "pcare-vaksin", "base_url": "http://a"}}],
          "facilities": [{{"code": "P0001", "api_key_file": "{}", "former_api_key_file": "old"}}]}})",
                    file),
        directory_);
  };
  const auto config = with("new");
  ASSERT_TRUE(config) << config.error().sentence;
  EXPECT_EQ(config->facilities.at(0).api_key_hash.size(), 64U);
  EXPECT_EQ(config->facilities.at(0).former_api_key_hash.size(), 64U);
  EXPECT_NE(config->facilities.at(0).api_key_hash, config->facilities.at(0).former_api_key_hash);
  const auto weak = with("short");
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().pointer, "/facilities/0/api_key_file");
  EXPECT_FALSE(weak.error().sentence.contains("hunter2"));
}

}  // namespace
}  // namespace titip::gateway
