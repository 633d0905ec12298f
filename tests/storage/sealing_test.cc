#include "storage/sealing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "storage/crc32c.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), 0600);
}

// Keys that are plainly a test's: 00 01 02 … and 80 81 82 ….
std::string known_key_file() {
  const auto rising = [](int first) {
    std::string text;
    for (int i = 0; i < 32; ++i) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", first + i);
      text += two;
    }
    return text;
  };
  std::string text = "titip-key-file 1\nkey-id 7\nwrapping-key " + rising(0) + "\nindex-key " + rising(0x80) + "\n";
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", crc32c(text));
  return text + "crc32c " + crc + "\n";
}

class Sealing : public ::testing::Test {
 protected:
  Sealer make() { return Sealer::open(directory.path() / "key", true).value(); }
  Directory directory;
  const SubmissionId id = id_of(1);
  const SubmissionId other_id = id_of(2);
};

TEST_F(Sealing, TheKeyFileIsMadeOnceForItsOwnerAlone) {
  const auto path = directory.path() / "sub" / "key";
  EXPECT_FALSE(Sealer::open(path, false).has_value());
  ASSERT_TRUE(Sealer::open(path, true).has_value());
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const std::string text = read_file(path);
  EXPECT_TRUE(text.starts_with("titip-key-file 1\nkey-id 1\nwrapping-key "));
  ASSERT_TRUE(Sealer::open(path, true).has_value());
  EXPECT_EQ(read_file(path), text) << "never overwritten";
}

TEST_F(Sealing, AKeyFileThatOthersMayReadIsRefused) {
  make();
  const auto path = directory.path() / "key";
  for (const mode_t mode : {0640U, 0604U, 0660U, 0601U, 0620U}) {
    ::chmod(path.c_str(), mode);
    const auto refused = Sealer::open(path, true);
    ASSERT_FALSE(refused.has_value()) << std::oct << mode;
    EXPECT_NE(refused.error().find("chmod 600 " + path.string()), std::string::npos) << refused.error();
  }
  ::chmod(path.c_str(), 0400);
  EXPECT_TRUE(Sealer::open(path, true).has_value());
}

TEST_F(Sealing, ADamagedKeyFileIsRefusedAndLeftAlone) {
  const auto path = directory.path() / "key";
  const std::string sound = known_key_file();
  write_file(path, sound);
  ASSERT_TRUE(Sealer::open(path, false).has_value());
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = damaged[i] == '1' ? '2' : '1';
    write_file(path, damaged);
    EXPECT_FALSE(Sealer::open(path, true).has_value()) << "byte " << i;
    EXPECT_EQ(read_file(path), damaged);
  }
  for (const std::string& wrong :
       {std::string(), sound + "x", sound.substr(0, sound.size() - 1), std::string(9000, 'x')}) {
    write_file(path, wrong);
    const auto refused = Sealer::open(path, true);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().find("backup"), std::string::npos);
  }
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_FALSE(Sealer::open(path, true).has_value());
}

TEST_F(Sealing, AKeyedHashHasAKnownAnswer) {
  write_file(directory.path() / "known", known_key_file());
  const Sealer sealer = Sealer::open(directory.path() / "known", false).value();
  // HMAC-SHA256, key 80 81 … 9f, message 00000007 "natural" 00000002 "ab" 00000000 00000001 "c"; from Python's hmac.
  const Digest expected{0x3a, 0x4d, 0xd0, 0xfd, 0x2d, 0x8f, 0x1a, 0x23, 0x72, 0x77, 0x4a, 0x13, 0x6c, 0x9c, 0xa6, 0xef};
  EXPECT_EQ(sealer.keyed_hash("natural", {"ab", "", "c"}), expected);
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

TEST_F(Sealing, ObjectsAreBoundToTheirName) {
  const Sealer sealer = make();
  const Sealed sealed = sealer.seal_object("login", "verifier");
  EXPECT_EQ(sealer.open_object("login", sealed), "verifier");
  EXPECT_FALSE(sealer.open_object("logout", sealed).has_value());
  Sealed tampered = sealed;
  tampered.bytes.back() = static_cast<char>(tampered.bytes.back() ^ 1);
  EXPECT_FALSE(sealer.open_object("login", tampered).has_value());
  EXPECT_FALSE(sealer.open_object("login", {}).has_value());
}

}  // namespace
}  // namespace titip::storage
