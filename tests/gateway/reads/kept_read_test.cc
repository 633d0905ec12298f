#include "gateway/reads/kept_read.h"

#include <gtest/gtest.h>

namespace titip::reads {
namespace {

using namespace std::chrono_literals;

TEST(KeptRead, ComesBackAsItWas) {
  const KeptRead read{clock::WallTime(1'700'000'000'123ms), 86'400s, 200, "text/plain; charset=x",
                      std::string("{\"a\":\"\xff\0b\"}", 12)};
  const auto bytes = encode(read);
  const auto again = decode_kept_read(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->read_at, read.read_at);
  EXPECT_EQ(again->lasts, read.lasts);
  EXPECT_EQ(again->http_status, read.http_status);
  EXPECT_EQ(again->content_type, read.content_type);
  EXPECT_EQ(again->body, read.body);
  for (std::size_t size = 0; size < 21 + read.content_type.size(); ++size)
    EXPECT_FALSE(decode_kept_read(bytes.substr(0, size))) << size;
  EXPECT_FALSE(decode_kept_read("\x02" + bytes.substr(1)));
}

TEST(KeptRead, WhatItIsGoodFor) {
  const clock::WallTime at(1'000'000s);
  const profile::CacheRule rule{.fresh = 60s, .stale = 3600s};
  const KeptRead read{at, 3660s, 200, "", ""};
  EXPECT_EQ(use_of(read, rule, at), Use::fresh);
  EXPECT_EQ(use_of(read, rule, at + 59'999ms), Use::fresh);
  EXPECT_EQ(use_of(read, rule, at + 60s), Use::stale);
  EXPECT_EQ(use_of(read, rule, at + 3659s), Use::stale);
  EXPECT_EQ(use_of(read, rule, at + 3660s), Use::none);
  EXPECT_EQ(use_of(read, rule, at - 1ms), Use::none) << "from the future";
}

}  // namespace
}  // namespace titip::reads
