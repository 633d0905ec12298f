#include <gtest/gtest.h>

#include "storage/facilities.h"

namespace titip::storage {
namespace {

Facility facility(std::string code, std::string secret, bool disabled) {
  Facility made;
  made.consumer_id = "consumer of " + code;
  made.code = std::move(code);
  made.consumer_secret = std::move(secret);
  made.disabled = disabled;
  return made;
}

TEST(AnyConsumer, is_one_that_is_served_and_has_a_secret) {
  Facilities facilities;
  EXPECT_EQ(facilities.any_consumer(), nullptr);
  ASSERT_TRUE(facilities.add(facility("F001", "", false)));
  ASSERT_TRUE(facilities.add(facility("F002", "a secret", true)));
  Facility without_consumer;
  without_consumer.code = "F003";
  without_consumer.consumer_secret = "a secret without an id";
  ASSERT_TRUE(facilities.add(without_consumer));
  EXPECT_EQ(facilities.any_consumer(), nullptr);
  ASSERT_TRUE(facilities.add(facility("F004", "a secret", false)));
  ASSERT_TRUE(facilities.any_consumer());
  EXPECT_EQ(facilities.any_consumer()->code, "F004");
}

}  // namespace
}  // namespace titip::storage
