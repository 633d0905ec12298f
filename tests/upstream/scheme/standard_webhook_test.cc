#include "upstream/scheme/standard_webhook.h"

#include <gtest/gtest.h>

#include <array>

#include "upstream/scheme/base64.h"

namespace titip::scheme {
namespace {

using namespace std::chrono_literals;

// The specification's own example.
constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WebhookMessage message{"msg_p5jXN8AQM9LWM0D4loKWxJek", std::chrono::sys_seconds(1'614'265'330s),
                             R"({"test": 2432232314})"};
constexpr std::string_view signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(StandardWebhook, the_specifications_example) {
  const auto key = webhook_key(secret);
  ASSERT_TRUE(key);
  EXPECT_EQ(webhook_signature(*key, message), signature);
  EXPECT_TRUE(webhook_is_signed(*key, message, signature));
}

TEST(StandardWebhook, headers_under_each_key) {
  const std::array keys{*webhook_key(secret), std::string(32, 'k')};
  const auto headers = webhook_headers(keys, message);
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0], (std::pair<std::string, std::string>{"webhook-id", message.id}));
  EXPECT_EQ(headers[1], (std::pair<std::string, std::string>{"webhook-timestamp", "1614265330"}));
  EXPECT_EQ(headers[2].first, "webhook-signature");
  EXPECT_TRUE(headers[2].second.starts_with(std::string(signature) + " v1,"));
  for (const auto& key : keys) EXPECT_TRUE(webhook_is_signed(key, message, headers[2].second));
  EXPECT_FALSE(webhook_is_signed(std::string(32, 'x'), message, headers[2].second));
}

TEST(StandardWebhook, every_part_is_covered) {
  const auto key = *webhook_key(secret);
  auto other = message;
  other.id = "msg_p5jXN8AQM9LWM0D4loKWxJel";
  EXPECT_FALSE(webhook_is_signed(key, other, signature));
  other = message;
  other.at += 1s;
  EXPECT_FALSE(webhook_is_signed(key, other, signature));
  other = message;
  other.body = R"({"test": 2432232315})";
  EXPECT_FALSE(webhook_is_signed(key, other, signature));
  for (const auto* wrong :
       {"", " ", "v1,", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE"})
    EXPECT_FALSE(webhook_is_signed(key, message, wrong)) << wrong;
  EXPECT_TRUE(webhook_is_signed(key, message, "v1a,AAAA v1,AAAA " + std::string(signature)));
}

TEST(StandardWebhook, what_is_no_secret) {
  EXPECT_TRUE(webhook_key("whsec_" + to_base64(std::string(24, 'a'))));
  EXPECT_TRUE(webhook_key("whsec_" + to_base64(std::string(64, 'a'))));
  for (const auto& wrong : {std::string(), std::string("whsec_"), to_base64(std::string(24, 'a')),
                            "whsec_" + to_base64(std::string(23, 'a')), "whsec_" + to_base64(std::string(65, 'a')),
                            "whsec_!" + to_base64(std::string(24, 'a')), "WHSEC_" + to_base64(std::string(24, 'a'))})
    EXPECT_FALSE(webhook_key(wrong)) << wrong;
}

}  // namespace
}  // namespace titip::scheme
