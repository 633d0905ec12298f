#include "gateway/reads/verifier.h"

#include <gtest/gtest.h>

#include "tests/gateway/fakes.h"

namespace titip::reads {
namespace {

Verifier made() {
  auto verifier = make_verifier("correct horse", tests::morning);
  verifier.reply_status = 200;
  verifier.reply_content_type = "application/json";
  verifier.reply_body = std::string("{\"x\":1}\0\xff", 9);
  return verifier;
}

TEST(Verifier, knows_its_password_and_no_other) {
  const auto verifier = made();
  EXPECT_TRUE(verifies(verifier, "correct horse"));
  for (const auto* wrong : {"", "correct hors", "correct horse ", "Correct horse"})
    EXPECT_FALSE(verifies(verifier, wrong)) << wrong;
}

TEST(Verifier, two_of_one_password_share_nothing) {
  const auto first = made();
  const auto second = made();
  EXPECT_NE(first.salt, second.salt);
  EXPECT_NE(first.hash, second.hash);
}

TEST(Verifier, survives_being_stored) {
  const auto verifier = made();
  const auto bytes = encode(verifier);
  EXPECT_FALSE(bytes.contains("correct horse"));
  const auto again = decode_verifier(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->accepted_at, verifier.accepted_at);
  EXPECT_EQ(again->salt, verifier.salt);
  EXPECT_EQ(again->hash, verifier.hash);
  EXPECT_EQ(again->reply_status, 200);
  EXPECT_EQ(again->reply_content_type, "application/json");
  EXPECT_EQ(again->reply_body, verifier.reply_body);
}

TEST(Verifier, damaged_bytes_are_as_good_as_none) {
  const auto bytes = encode(made());
  EXPECT_FALSE(decode_verifier(""));
  EXPECT_FALSE(decode_verifier("nonsense"));
  EXPECT_FALSE(decode_verifier(std::string(100, '\xff')));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode_verifier(std::string_view(bytes).substr(0, cut))) << cut;
  // Any changed byte: no crash, and never a verifier of another size. (Sealing finds the change itself.)
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xff}) {
      auto changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ change);
      (void)decode_verifier(changed);
    }
  }
}

}  // namespace
}  // namespace titip::reads
