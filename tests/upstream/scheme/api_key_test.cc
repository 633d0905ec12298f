#include "upstream/scheme/api_key.h"

#include <gtest/gtest.h>

namespace titip::scheme {
namespace {

TEST(ApiKeyTest, each_is_another_and_long) {
  const auto one = make_api_key();
  const auto other = make_api_key();
  ASSERT_TRUE(one && other);
  EXPECT_NE(*one, *other);
  EXPECT_TRUE(one->starts_with("titip_"));
  EXPECT_EQ(one->size(), 70U);
  EXPECT_GE(one->size(), least_api_key);
  EXPECT_LE(one->size(), most_api_key);
}

// FIPS 180-2, appendix B.1.
TEST(ApiKeyTest, is_kept_as_its_sha_256) {
  const auto hash = api_key_hash("abc");
  EXPECT_EQ(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(is_api_key_hash(hash));
  EXPECT_FALSE(is_api_key_hash(hash.substr(1)));
  EXPECT_FALSE(is_api_key_hash("BA" + hash.substr(2)));
}

TEST(ApiKeyTest, only_the_right_one_is_it) {
  const auto kept = api_key_hash("right");
  EXPECT_TRUE(api_key_is(kept, api_key_hash("right")));
  EXPECT_FALSE(api_key_is(kept, api_key_hash("wrong")));
  EXPECT_FALSE(api_key_is(kept, ""));
  EXPECT_FALSE(api_key_is("", api_key_hash("")));
  EXPECT_FALSE(api_key_is("", ""));
  EXPECT_FALSE(api_key_is("", std::string(64, '-')));
}

}  // namespace
}  // namespace titip::scheme
