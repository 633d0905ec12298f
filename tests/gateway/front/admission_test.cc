#include "gateway/front/admission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "gateway/front/caller.h"
#include "tests/gateway/fakes.h"
#include "tests/upstream/shipped_profile.h"
#include "upstream/scheme/api_key.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;

constexpr auto inside = "10.20.3.4";
constexpr auto outside = "192.0.2.1";

using Networks = std::vector<http::Network>;
const Networks province{*http::Network::parse("2001:db8::/32"), *http::Network::parse("10.20.0.0/16")};

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    for (const auto* code : {"0905R002", "0905R003", "0905R004"}) {
      storage::Facility facility;
      facility.code = code;
      facility.disabled = facility.code == "0905R004";
      facility.api_key_hash = scheme::api_key_hash(key_of(code));
      if (facility.code == "0905R002") facility.former_api_key_hash = scheme::api_key_hash("the one before it");
      EXPECT_TRUE(facilities_.add(facility));
    }
  }
  static std::string key_of(std::string_view code) { return "the key of " + std::string(code); }

  void offer(bool api_keys, Networks networks = {}, std::string domain = {}, RateOptions failures = {1, 20}) {
    admission_.emplace(AdmissionOptions{std::move(networks), api_keys, std::move(domain), failures}, clock_,
                       [this](std::string_view reason) { ++told_[std::string(reason)]; });
  }
  bool is_in(std::string_view code, std::string_view key, std::string address = outside,
             std::vector<std::string> names = {}) {
    http::Request request;
    if (!code.empty()) request.headers.push_back({"x-kdppk", std::string(code)});
    if (!key.empty()) request.headers.push_back({"x-api-key", std::string(key)});
    request.remote_address = std::move(address);
    if (!names.empty()) request.peer_names = std::make_shared<const std::vector<std::string>>(std::move(names));
    const auto caller = find_caller(profile_, facilities_, Door::mount, request, tests::morning, &*admission_);
    EXPECT_TRUE(!caller || caller->facility->code == code);
    return caller.has_value();
  }

  profile::Profile profile_ = tests::pcare_vaksin();
  storage::Facilities facilities_;
  tests::FakeClock clock_;
  std::map<std::string, int> told_;
  std::optional<Admission> admission_;
};

TEST_F(AdmissionTest, a_key_lets_in_the_facility_it_belongs_to) {
  offer(true);
  EXPECT_TRUE(is_in("0905R002", key_of("0905R002")));
  EXPECT_TRUE(is_in("0905R002", "the one before it")) << "two live at once";
  EXPECT_FALSE(is_in("0905R002", ""));
  EXPECT_FALSE(is_in("0905R002", key_of("0905R003"))) << "another facility's";
  EXPECT_FALSE(is_in("0905R003", "the one before it"));
  EXPECT_FALSE(is_in("0905R002", facilities_.find("0905R002")->api_key_hash)) << "a stolen hash is no key";
  EXPECT_FALSE(is_in("0905R004", key_of("0905R004"))) << "disabled";
  EXPECT_FALSE(is_in("9999", ""));
  EXPECT_FALSE(is_in("", key_of("0905R002")));
  EXPECT_EQ(told_["not_admitted"], 6) << "who names nobody is guessing at nobody";
}

TEST_F(AdmissionTest, a_key_is_worth_nothing_where_keys_are_not_offered) {
  offer(false, province);
  EXPECT_FALSE(is_in("0905R002", key_of("0905R002")));
}

TEST_F(AdmissionTest, a_network_lets_in_whom_it_has) {
  offer(false, province);
  EXPECT_TRUE(is_in("0905R002", "", inside));
  EXPECT_TRUE(is_in("0905R002", "", "2001:db8::7"));
  EXPECT_FALSE(is_in("0905R002", "", outside));
  EXPECT_FALSE(is_in("9999", "", inside));
  EXPECT_FALSE(is_in("0905R004", "", inside)) << "disabled";
}

TEST_F(AdmissionTest, a_network_has_nobody_but_whom_the_connection_or_a_trusted_proxy_puts_there) {
  using enum http::AddressBy;
  struct Row {
    bool by_proxy;
    http::AddressBy by;
    const char* address;
    bool is_in;
  };
  for (const auto& row :
       {Row{false, connection, inside, true}, Row{false, proxy, inside, true}, Row{false, nobody, inside, false},
        Row{true, connection, inside, false}, Row{true, proxy, inside, true}, Row{true, nobody, inside, false},
        Row{false, proxy, outside, false}, Row{true, proxy, outside, false}}) {
    admission_.emplace(AdmissionOptions{.networks = province, .networks_by_proxy = row.by_proxy}, clock_,
                       [](std::string_view) {});
    http::Request request;
    request.remote_address = row.address;
    request.address_by = row.by;
    EXPECT_EQ(admission_->lets_in(facilities_.find("0905R002").get(), "0905R002", request), row.is_in)
        << row.by_proxy << static_cast<int>(row.by) << row.address;
  }
}

TEST_F(AdmissionTest, a_certificate_lets_in_the_facility_it_names) {
  offer(false, {}, "faskes.test");
  EXPECT_TRUE(is_in("0905R002", "", outside, {"other.test", "0905R002.faskes.test"}));
  EXPECT_FALSE(is_in("0905R002", "", outside, {"0905R003.faskes.test"}));
  EXPECT_FALSE(is_in("0905R002", "", outside, {"0905R002", "*.faskes.test", "0905R002.faskes.test.evil.test"}));
  EXPECT_FALSE(is_in("0905R002", "", outside));
  offer(true);
  EXPECT_FALSE(is_in("0905R002", "", outside, {"0905R002.faskes.test", "0905R002."})) << "no domain is offered";
}

TEST_F(AdmissionTest, one_proof_is_enough) {
  offer(true, province, "faskes.test");
  EXPECT_TRUE(is_in("0905R002", "wrong", inside));
  EXPECT_TRUE(is_in("0905R002", key_of("0905R002"), outside, {"0905R003.faskes.test"}));
}

// By rate, of an address with a code: the facility itself is let in from where it is, whoever guesses elsewhere.
TEST_F(AdmissionTest, who_fails_too_often_is_not_looked_at_for_a_while) {
  offer(true, {}, {}, {1, 3});
  const auto right = key_of("0905R002");
  for (int tries = 0; tries < 3; ++tries) EXPECT_FALSE(is_in("0905R002", "guess"));
  EXPECT_FALSE(is_in("0905R002", right)) << "right or wrong";
  EXPECT_EQ(told_["locked_out"], 1);
  EXPECT_TRUE(is_in("0905R002", right, inside)) << "from elsewhere";
  EXPECT_TRUE(is_in("0905R003", key_of("0905R003"))) << "another facility behind the same address";
  clock_.advance(1100ms);
  EXPECT_TRUE(is_in("0905R002", right));
  EXPECT_TRUE(is_in("0905R002", right)) << "who is right costs nothing";
  EXPECT_FALSE(is_in("0905R002", "guess"));
  EXPECT_FALSE(is_in("0905R002", right));
  clock_.advance(1h);
  for (int tries = 0; tries < 3; ++tries) EXPECT_FALSE(is_in("0905R002", "guess"));
  EXPECT_FALSE(is_in("0905R002", right)) << "the bucket holds no more than it holds";
}

TEST_F(AdmissionTest, who_tries_keys_shuts_out_nobody_who_proves_himself_by_his_connection) {
  offer(true, province, "faskes.test", {1, 3});
  for (int tries = 0; tries < 9; ++tries) EXPECT_FALSE(is_in("0905R002", "guess", outside));
  EXPECT_TRUE(is_in("0905R002", "", outside, {"0905R002.faskes.test"}));
  for (int tries = 0; tries < 9; ++tries) EXPECT_FALSE(is_in("nobody", "guess", inside));
  EXPECT_TRUE(is_in("0905R002", "", inside));
}

TEST_F(AdmissionTest, no_bound_is_none) {
  offer(true, {}, {}, {0, 1});
  for (int tries = 0; tries < 1000; ++tries) EXPECT_FALSE(is_in("0905R002", "guess"));
  EXPECT_TRUE(is_in("0905R002", key_of("0905R002")));
}

TEST_F(AdmissionTest, all_are_refused_in_the_same_words) {
  offer(true);
  const auto words = who_is_asked_for(profile_, &*admission_).english();
  EXPECT_TRUE(words.contains("x-kdppk") && words.contains("X-Api-Key")) << words;
}

}  // namespace
}  // namespace titip::front
