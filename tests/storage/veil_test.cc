#include "storage/veil.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/storage/key_files.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

class Veils : public testing::Test {
 protected:
  Sealer open(const std::string& key_file) {
    write_file(directory_.path() / "key", key_file);
    return Sealer::open(directory_.path() / "key", false).value();
  }
  Directory directory_;
};

const SubmissionId known = *SubmissionId::parse("01FD8Z6J5S0123456789ABCDEF");

// The key: Python's hmac over "veil", "receipt" as in sealing_test.cc; the permutation: openssl enc -aes-128-ecb
// -nopad.
TEST_F(Veils, has_known_answers_by_the_length_of_the_chain) {
  EXPECT_EQ(veil(open(known_key_file()), receipt_domain, known).text(), "6M12008TZ9RQWHWMBCQNMMD401");
  EXPECT_EQ(veil(open(known_chain_file()), receipt_domain, known).text(), "3CP1HNZDZMFXX2PRT8WW70BNNM");
}

TEST_F(Veils, one_that_is_kept_goes_over_id_after_id) {
  const Sealer sealer = open(known_key_file());
  const Veil receipts(sealer, receipt_domain);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(receipts.over(known).text(), "6M12008TZ9RQWHWMBCQNMMD401") << i;
  const auto other = id_of(7);
  EXPECT_EQ(receipts.over(other), veil(sealer, receipt_domain, other));
}

TEST_F(Veils, what_was_veiled_before_a_reindex_is_found_behind_it) {
  const Sealer sealer = open(known_chain_file());
  const char* by_links[] = {"6M12008TZ9RQWHWMBCQNMMD401", "3Q7GH4E8YMCDVC1N6DSB8S8M76", "3CP1HNZDZMFXX2PRT8WW70BNNM"};
  for (std::size_t links = 1; links <= 3; ++links) {
    const auto ids = lift_veil(sealer, receipt_domain, *SubmissionId::parse(by_links[links - 1]));
    ASSERT_EQ(ids.size(), 3U);
    for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(ids[at] == known, at == 3 - links) << links << " " << at;
  }
}

TEST_F(Veils, another_domain_or_key_is_another_permutation) {
  const Sealer sealer = open(known_chain_file());
  const auto code = veil(sealer, receipt_domain, known);
  EXPECT_NE(veil(sealer, "cursor", known), code);
  EXPECT_NE(lift_veil(sealer, "cursor", code).front(), known);
  EXPECT_EQ(lift_veil(sealer, receipt_domain, code).front(), known);
}

// Ids of one millisecond differ in their random half alone; codes share nothing.
TEST_F(Veils, neighbours_look_like_strangers) {
  const Sealer sealer = open(known_key_file());
  std::set<std::string> beginnings;
  for (int i = 0; i < 1'000; ++i) {
    auto id = known;
    id.bytes[15] = static_cast<std::uint8_t>(i);
    id.bytes[14] = static_cast<std::uint8_t>(i >> 8U);
    const auto code = veil(sealer, receipt_domain, id);
    beginnings.insert(code.text().substr(0, 8));
    EXPECT_EQ(lift_veil(sealer, receipt_domain, code), std::vector{id});
  }
  EXPECT_EQ(beginnings.size(), 1'000U);
}

}  // namespace
}  // namespace titip::storage
