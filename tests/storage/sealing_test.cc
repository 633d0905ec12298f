#include "storage/sealing.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "storage/hmac.h"
#include "storage/key_file.h"
#include "tests/storage/key_files.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

class Sealing : public ::testing::Test {
 protected:
  Sealer make() { return Sealer::open(directory.path() / "key", true).value(); }
  Directory directory;
  const SubmissionId id = id_of(1);
  const SubmissionId other_id = id_of(2);
};

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text.push_back("0123456789abcdef"[byte >> 4U]);
    text.push_back("0123456789abcdef"[byte & 15U]);
  }
  return text;
}

TEST_F(Sealing, HmacGivesTheAnswersOfRfc4231) {
  struct Row {
    const char* name;
    std::string key;
    std::string data;
    const char* expected;
  };
  const Row rows[] = {
      {"test case 1", std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"test case 2", "Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {"test case 3", std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
  };
  for (const Row& row : rows) {
    DataKey key;  // a shorter key is the same as one filled up with zeros
    std::ranges::transform(row.key, key.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    Hmac::Tag whole;
    Hmac(key).add(row.data).finish(whole);
    EXPECT_EQ(hex(whole), row.expected) << row.name;
    Hmac pieces(key);
    for (const char c : row.data) pieces.add({&c, 1});
    Hmac::Tag again;
    pieces.finish(again);
    EXPECT_EQ(again, whole) << row.name << ", byte by byte";
  }
}

// Short pieces are gathered, long ones are not: where the one passes into the other nothing may be lost.
TEST_F(Sealing, HmacIsTheSameWhereverItsPiecesEnd) {
  std::string text;
  for (int i = 0; i < 700; ++i) text.push_back(static_cast<char>(i * 7));
  DataKey key;
  std::iota(key.bytes.begin(), key.bytes.end(), std::uint8_t{9});
  Hmac::Tag expected{};
  std::size_t size = 0;
  ASSERT_NE(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.bytes.data(), key.bytes.size(),
                      reinterpret_cast<const unsigned char*>(text.data()), text.size(), expected.data(),
                      expected.size(), &size),
            nullptr);
  const std::string_view all(text);
  for (std::size_t at = 0; at <= all.size(); ++at) {
    const auto middle = all.size() - (all.size() - at) / 2;
    Hmac hmac(key);
    hmac.add(all.substr(0, at)).add(all.substr(at, middle - at)).add(all.substr(middle));
    Hmac::Tag tag;
    hmac.finish(tag);
    ASSERT_EQ(hex(tag), hex(expected)) << at;
  }
}

TEST_F(Sealing, AKeyedHashHasAKnownAnswer) {
  write_file(directory.path() / "known", known_key_file());
  const Sealer sealer = Sealer::open(directory.path() / "known", false).value();
  // HMAC-SHA256, key 80 81 … 9f, message 00000007 "natural" 00000002 "ab" 00000000 00000001 "c"; from Python's hmac.
  const Digest expected{0x3a, 0x4d, 0xd0, 0xfd, 0x2d, 0x8f, 0x1a, 0x23, 0x72, 0x77, 0x4a, 0x13, 0x6c, 0x9c, 0xa6, 0xef};
  EXPECT_EQ(sealer.keyed_hash("natural", {"ab", "", "c"}), expected);
}

TEST_F(Sealing, AChainOfIndexKeysHasAKnownAnswer) {
  write_file(directory.path() / "chain", known_chain_file());
  const Sealer sealer = Sealer::open(directory.path() / "chain", false).value();
  ASSERT_EQ(sealer.index_links(), 3U);
  // The digest above, its 16 bytes then hashed under 40 41 … 5f, those under 00 01 … 1f; from Python's hmac.
  EXPECT_EQ(hex(sealer.keyed_hash_through(1, "natural", {"ab", "", "c"})), "3a4dd0fd2d8f1a2372774a136c9ca6ef");
  EXPECT_EQ(hex(sealer.keyed_hash_through(2, "natural", {"ab", "", "c"})), "350c67e069713ddf5bd5c1f7d3b407e7");
  EXPECT_EQ(hex(sealer.keyed_hash("natural", {"ab", "", "c"})), "df0395679714c38bd9a7c3a3d5056b1d");
  for (std::size_t links = 1; links <= 3; ++links) {
    EXPECT_EQ(sealer.moved_on(sealer.keyed_hash_through(links, "d", {"x"}), links), sealer.keyed_hash("d", {"x"}))
        << "a stored digest of " << links << " links moves on without its plaintext";
  }
}

TEST_F(Sealing, NoTwoListsOfPartsHashAlike) {
  const Sealer sealer = make();
  const Digest digests[] = {sealer.keyed_hash("d", {"ab", "c"}), sealer.keyed_hash("d", {"a", "bc"}),
                            sealer.keyed_hash("d", {"abc"}),     sealer.keyed_hash("d", {"abc", ""}),
                            sealer.keyed_hash("da", {"bc"}),     sealer.keyed_hash("d", {})};
  for (const auto& a : digests) {
    for (const auto& b : digests) EXPECT_EQ(&a == &b, a == b);
  }
  EXPECT_EQ(sealer.keyed_hash("d", {"x"}), sealer.keyed_hash("d", {"x"}));
}

TEST_F(Sealing, WhatIsSealedOpensAgainAndHidesItsPlaintext) {
  const Sealer sealer = make();
  const NewDataKey key = sealer.new_data_key(id);
  for (const std::string& plain : {std::string(), std::string("canary-3175000000000001"), std::string(300'000, 'p')}) {
    const Sealed sealed = sealer.seal(key.key, id, "payload", plain);
    EXPECT_EQ(sealer.open(key.key, id, "payload", sealed), plain);
    if (!plain.empty()) EXPECT_EQ(sealed.bytes.find(plain.substr(0, 20)), std::string::npos);
    EXPECT_NE(sealer.seal(key.key, id, "payload", plain), sealed) << "a nonce of its own";
  }
}

TEST_F(Sealing, EveryChangedBitIsNoticed) {
  const Sealer sealer = make();
  const NewDataKey key = sealer.new_data_key(id);
  for (const std::string& plain : {std::string(), std::string("some words")}) {
    const Sealed sealed = sealer.seal(key.key, id, "payload", plain);
    for (std::size_t i = 0; i < sealed.bytes.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        Sealed tampered = sealed;
        tampered.bytes[i] = static_cast<char>(tampered.bytes[i] ^ (1 << bit));
        EXPECT_FALSE(sealer.open(key.key, id, "payload", tampered).has_value()) << "byte " << i << " of " << plain;
      }
      EXPECT_FALSE(sealer.open(key.key, id, "payload", {sealed.bytes.substr(0, i)}).has_value()) << "cut at " << i;
    }
  }
}

TEST_F(Sealing, SealedBytesCannotBeMovedElsewhere) {
  const Sealer sealer = make();
  const NewDataKey key = sealer.new_data_key(id);
  const NewDataKey other = sealer.new_data_key(other_id);
  const Sealed sealed = sealer.seal(key.key, id, "payload", "words");
  EXPECT_FALSE(sealer.open(key.key, id, "reply", sealed).has_value()) << "another field";
  EXPECT_FALSE(sealer.open(key.key, other_id, "payload", sealed).has_value()) << "another record";
  EXPECT_FALSE(sealer.open(other.key, id, "payload", sealed).has_value()) << "another key";
}

TEST_F(Sealing, AWrappedKeyOpensForItsOwnRecordUnderItsOwnFileAlone) {
  const Sealer sealer = make();
  const NewDataKey key = sealer.new_data_key(id);
  const auto unwrapped = sealer.unwrap(id, key.wrapped);
  ASSERT_TRUE(unwrapped.has_value());
  EXPECT_EQ(unwrapped->bytes, key.key.bytes);
  EXPECT_FALSE(sealer.unwrap(other_id, key.wrapped).has_value());
  EXPECT_FALSE(sealer.unwrap(id, "").has_value());
  for (std::size_t i = 0; i < key.wrapped.size(); ++i) {
    std::string tampered = key.wrapped;
    tampered[i] = static_cast<char>(tampered[i] ^ 1);
    EXPECT_FALSE(sealer.unwrap(id, tampered).has_value()) << i;
  }
  const Sealer stranger = Sealer::open(directory.path() / "another", true).value();
  EXPECT_FALSE(stranger.unwrap(id, key.wrapped).has_value());
  const Sealer again = make();
  EXPECT_TRUE(again.unwrap(id, key.wrapped).has_value()) << "the same file, opened again";
}

TEST_F(Sealing, AWrappedKeyIs53BytesAndTheSameEachTimeItIsWrapped) {
  const Sealer sealer = make();
  const NewDataKey key = sealer.new_data_key(id);
  EXPECT_EQ(key.wrapped.size(), 53U);
  EXPECT_EQ(sealer.rewrap(id, key.wrapped), key.wrapped) << "one nonce, so one plaintext: the same bytes";
  EXPECT_NE(sealer.new_data_key(other_id).wrapped.substr(5), key.wrapped.substr(5));
}

TEST_F(Sealing, RotationWrapsAnewAndOpensWhatTheOldKeyWrapped) {
  const auto path = directory.path() / "key";
  Sealer sealer = make();
  const NewDataKey before = sealer.new_data_key(id);
  const Sealed object = sealer.seal_object("login", "name", "words");
  ASSERT_TRUE(replace_key_file(path, with_new_wrapping_key(read_key_file(path).value()).value()));
  EXPECT_FALSE(sealer.needs_rewrap(before.wrapped)) << "nobody told it yet";
  ASSERT_TRUE(sealer.reload(path));
  EXPECT_EQ(sealer.current_key_id(), 2U);
  EXPECT_TRUE(sealer.needs_rewrap(before.wrapped));
  EXPECT_TRUE(sealer.needs_rewrap(object.bytes));
  EXPECT_EQ(sealer.unwrap(id, before.wrapped)->bytes, before.key.bytes);
  EXPECT_EQ(sealer.open_object("login", "name", object), "words");
  EXPECT_FALSE(sealer.needs_rewrap(sealer.new_data_key(other_id).wrapped));

  const std::string after = sealer.rewrap(id, before.wrapped).value();
  EXPECT_FALSE(sealer.needs_rewrap(after));
  EXPECT_EQ(sealer.unwrap(id, after)->bytes, before.key.bytes);
  EXPECT_FALSE(sealer.rewrap(other_id, before.wrapped).has_value());

  KeyFile file = read_key_file(path).value();
  file.wrapping.pop_back();
  ASSERT_TRUE(replace_key_file(path, file));
  ASSERT_TRUE(sealer.reload(path));
  EXPECT_TRUE(sealer.unwrap(id, before.wrapped).has_value()) << "this process still holds what was dropped";
  const Sealer fresh = Sealer::open(path, false).value();
  EXPECT_EQ(fresh.wrapped_by(before.wrapped), Sealer::WrappedBy::unknown_key);
  EXPECT_FALSE(fresh.unwrap(id, before.wrapped).has_value());
  EXPECT_EQ(fresh.unwrap(id, after)->bytes, before.key.bytes);
}

TEST_F(Sealing, WhoWrappedItIsToldByItsFirstBytes) {
  const Sealer sealer = make();
  const std::string wrapped = sealer.new_data_key(id).wrapped;
  std::string strange = wrapped;
  strange[4] = 9;
  using By = Sealer::WrappedBy;
  EXPECT_EQ(sealer.wrapped_by(wrapped), By::current_key);
  EXPECT_EQ(sealer.wrapped_by(strange), By::unknown_key);
  for (const std::string_view none : {std::string_view(), std::string_view("x"), std::string_view("wrapped 7")}) {
    EXPECT_EQ(sealer.wrapped_by(none), By::nobody) << none;
  }
}

TEST_F(Sealing, AnotherChainOfIndexKeysIsNotTakenWhileItRuns) {
  const auto path = directory.path() / "key";
  Sealer sealer = make();
  const Digest before = sealer.keyed_hash("d", {"x"});
  ASSERT_TRUE(replace_key_file(path, with_new_index_key(read_key_file(path).value()).value()));
  const auto refused = sealer.reload(path);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("restart"), std::string::npos) << refused.error();
  EXPECT_EQ(sealer.keyed_hash("d", {"x"}), before);
  EXPECT_NE(make().keyed_hash("d", {"x"}), before);
}

TEST_F(Sealing, ObjectsAreBoundToTheirKindAndName) {
  const Sealer sealer = make();
  const Sealed sealed = sealer.seal_object("login", "here", "verifier");
  EXPECT_EQ(sealer.open_object("login", "here", sealed), "verifier");
  EXPECT_FALSE(sealer.open_object("verifier", "here", sealed).has_value());
  EXPECT_FALSE(sealer.open_object("login", "there", sealed).has_value());
  Sealed tampered = sealed;
  tampered.bytes.back() = static_cast<char>(tampered.bytes.back() ^ 1);
  EXPECT_FALSE(sealer.open_object("login", "here", tampered).has_value());
  EXPECT_FALSE(sealer.open_object("login", "here", {}).has_value());
}

TEST_F(Sealing, AKindThatRotationDoesNotKnowIsABug) {
  const Sealer sealer = make();
  EXPECT_DEATH(sealer.seal_object("unheard-of", "name", "words"), "sealed_kinds");
}

}  // namespace
}  // namespace titip::storage
