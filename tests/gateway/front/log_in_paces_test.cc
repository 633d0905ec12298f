#include "gateway/front/log_in_paces.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/gateway/fakes.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;
using enum http::AddressBy;

class LogInPacesTest : public testing::Test {
 protected:
  void offer(bool behind_proxy = false) {
    paces_.emplace(LogInPaceOptions{.of_one = {1, 2}, .of_many = {10, 5}, .behind_proxy = behind_proxy}, clock_,
                   [this](std::string_view reason) { ++told_[std::string(reason)]; });
  }
  // How many of ten at once are let in.
  int let_in(std::string address, http::AddressBy by = connection) {
    http::Request request;
    request.remote_address = std::move(address);
    request.address_by = by;
    int in = 0;
    for (int tries = 0; tries < 10; ++tries) in += paces_->wait(request) ? 0 : 1;
    return in;
  }

  tests::FakeClock clock_;
  std::map<std::string, int> told_;
  std::optional<LogInPaces> paces_;
};

TEST_F(LogInPacesTest, each_address_has_its_own) {
  offer();
  EXPECT_EQ(let_in("192.0.2.1"), 2);
  EXPECT_EQ(told_["log_in_rate"], 8);
  EXPECT_EQ(let_in("192.0.2.2"), 2);
  EXPECT_EQ(let_in("192.0.2.1", proxy), 0) << "whoever told it";
  clock_.advance(1s);
  EXPECT_EQ(let_in("192.0.2.1"), 1);
  clock_.advance(1h);
  EXPECT_EQ(let_in("192.0.2.1"), 2);
}

TEST_F(LogInPacesTest, a_household_of_ipv6_is_one) {
  offer();
  EXPECT_EQ(let_in("2001:db8:0:1::1"), 2);
  EXPECT_EQ(let_in("2001:db8:0:1:ffff::2"), 0);
  EXPECT_EQ(let_in("2001:db8:0:2::1"), 2);
}

TEST_F(LogInPacesTest, what_stands_for_many_has_a_larger_one) {
  struct Row {
    bool behind_proxy;
    const char* address;
    http::AddressBy by;
    int let_in;
  };
  for (const auto& row :
       {Row{false, "192.0.2.1", connection, 2}, Row{false, "192.0.2.1", proxy, 2}, Row{false, "192.0.2.1", nobody, 5},
        Row{true, "192.0.2.1", connection, 5}, Row{true, "192.0.2.1", proxy, 2}, Row{true, "192.0.2.1", nobody, 5},
        Row{false, "127.0.0.1", connection, 5}, Row{false, "::1", connection, 5}}) {
    offer(row.behind_proxy);
    EXPECT_EQ(let_in(row.address, row.by), row.let_in) << row.behind_proxy << row.address << static_cast<int>(row.by);
  }
}

TEST_F(LogInPacesTest, who_waits_is_told_how_long) {
  offer();
  http::Request request;
  request.remote_address = "192.0.2.1";
  static_cast<void>(let_in("192.0.2.1"));
  EXPECT_EQ(paces_->wait(request), 1s);
  paces_.emplace(LogInPaceOptions{.of_one = {0, 1}}, clock_, [](std::string_view) {});
  EXPECT_EQ(let_in("192.0.2.1"), 10) << "no bound is none";
}

}  // namespace
}  // namespace titip::front
