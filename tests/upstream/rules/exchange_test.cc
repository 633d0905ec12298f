#include "upstream/rules/exchange.h"

#include <gtest/gtest.h>

#include <set>

namespace titip::rules {
namespace {

TEST(Exchange, FailuresAreNamedAndSortedByWhetherAByteWasWritten) {
  const struct {
    Failure failure;
    const char* name;
    bool certainly_not_sent;
  } rows[] = {
      {Failure::resolve_failed, "resolve_failed", true},
      {Failure::resolve_timeout, "resolve_timeout", true},
      {Failure::connect_refused, "connect_refused", true},
      {Failure::connect_failed, "connect_failed", true},
      {Failure::connect_timeout, "connect_timeout", true},
      {Failure::tls_failed, "tls_failed", true},
      {Failure::address_refused, "address_refused", true},
      {Failure::not_admitted, "not_admitted", true},
      {Failure::proxy_unreachable, "proxy_unreachable", true},
      {Failure::proxy_credentials, "proxy_credentials", true},
      {Failure::proxy_refused, "proxy_refused", true},
      {Failure::proxy_cannot_reach, "proxy_cannot_reach", true},
      {Failure::proxy_timeout, "proxy_timeout", true},
      {Failure::proxy_malformed, "proxy_malformed", true},
      {Failure::write_failed, "write_failed", false},
      {Failure::write_timeout, "write_timeout", false},
      {Failure::response_timeout, "response_timeout", false},
      {Failure::connection_reset, "connection_reset", false},
      {Failure::reply_too_large, "reply_too_large", false},
      {Failure::reply_malformed, "reply_malformed", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(name(row.failure), row.name);
    EXPECT_EQ(certainly_not_sent(row.failure), row.certainly_not_sent) << row.name;
  }
}

TEST(Date, TheFixedFormAlone) {
  const struct {
    const char* header;
    std::int64_t seconds;  // -1: none
  } rows[] = {{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},  {"Tue, 29 Feb 2028 23:59:60 GMT", 1835481600},
              {"Mon, 16 Aug 2021 02:00:00 GMT", 1629079200}, {"", -1},
              {"Sunday, 06-Nov-94 08:49:37 GMT", -1},        {"Sun Nov  6 08:49:37 1994", -1},
              {"Sun, 31 Feb 2021 08:49:37 GMT", -1},         {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
              {"Sun, 06 ovD 1994 08:49:37 GMT", -1},         {"Sun, 06 Nov 1994 08:49:37 WIB", -1},
              {"Sun, 06 Nov 1994 08:4x:37 GMT", -1},         {"Sun, -6 Nov 1994 08:49:37 GMT", -1}};
  for (const auto& row : rows) {
    const auto date = date_of(row.header);
    EXPECT_EQ(date ? date->time_since_epoch().count() : -1, row.seconds) << row.header;
  }
}

TEST(RetryAfter, SecondsOnly) {
  const struct {
    const char* header;
    int seconds;
  } rows[] = {{"0", 0},
              {"30", 30},
              {"", 0},
              {"-1", 0},
              {" 30", 0},
              {"30s", 0},
              {"99999999999", 0},
              {"Mon, 16 Aug 2021 02:00:00 GMT", 0}};
  for (const auto& row : rows) EXPECT_EQ(retry_after(row.header).count(), row.seconds) << row.header;
}

}  // namespace
}  // namespace titip::rules
