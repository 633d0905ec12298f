#include "storage/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/storage/key_files.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

namespace fs = std::filesystem;

class KeyFiles : public ::testing::Test {
 protected:
  Directory directory;
  const fs::path path = directory.path() / "key";
};

std::vector<std::uint32_t> ids_of(const KeyFile& file) {
  std::vector<std::uint32_t> ids;
  for (const auto& each : file.wrapping) ids.push_back(each.id);
  return ids;
}
bool same(const KeyFile& a, const KeyFile& b) {
  const auto key = [](const DataKey& left, const DataKey& right) { return left.bytes == right.bytes; };
  const auto wrapping = [](const WrappingKey& left, const WrappingKey& right) {
    return left.id == right.id && left.key.bytes == right.key.bytes;
  };
  return std::ranges::equal(a.index, b.index, key) && std::ranges::equal(a.wrapping, b.wrapping, wrapping);
}

TEST_F(KeyFiles, OneIsMadeOnceForItsOwnerAlone) {
  const auto below = directory.path() / "sub" / "key";
  EXPECT_FALSE(Sealer::open(below, false).has_value());
  ASSERT_TRUE(Sealer::open(below, true).has_value());
  EXPECT_EQ(fs::status(below).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const std::string text = read_file(below);
  EXPECT_TRUE(text.starts_with("titip-key-file 2\nwrapping-key 1 "));
  ASSERT_TRUE(Sealer::open(below, true).has_value());
  EXPECT_FALSE(make_key_file(below).has_value());
  EXPECT_EQ(read_file(below), text) << "never overwritten";
}

TEST_F(KeyFiles, OneThatOthersMayReadIsRefused) {
  ASSERT_TRUE(make_key_file(path));
  for (const mode_t mode : {0640U, 0604U, 0660U, 0601U, 0620U}) {
    ::chmod(path.c_str(), mode);
    const auto refused = Sealer::open(path, true);
    ASSERT_FALSE(refused.has_value()) << std::oct << mode;
    EXPECT_NE(refused.error().find("chmod 600 " + path.string()), std::string::npos) << refused.error();
  }
  ::chmod(path.c_str(), 0400);
  EXPECT_TRUE(Sealer::open(path, true).has_value());
}

TEST_F(KeyFiles, ADamagedOneIsRefusedAndLeftAlone) {
  for (const std::string& sound : {known_key_file(), known_chain_file()}) {
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
         {std::string(), sound + "x", sound.substr(0, sound.size() - 1), std::string(90000, 'x')}) {
      write_file(path, wrong);
      const auto refused = Sealer::open(path, true);
      ASSERT_FALSE(refused.has_value());
      EXPECT_NE(refused.error().find("backup"), std::string::npos) << refused.error();
    }
  }
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_FALSE(Sealer::open(path, true).has_value());
}

TEST_F(KeyFiles, WhatIsWholeButMakesNoSenseIsRefused) {
  const std::string wrapping = "wrapping-key 1 " + rising_key(0) + "\n";
  const std::string index = "index-key 1 " + rising_key(0x80) + "\n";
  struct Row {
    const char* name;
    std::string text;
  };
  const Row rows[] = {
      {"no keys", "titip-key-file 2\n"},
      {"no index key", "titip-key-file 2\n" + wrapping},
      {"no wrapping key", "titip-key-file 2\n" + index},
      {"an id twice", "titip-key-file 2\n" + wrapping + wrapping + index},
      {"a gap in the chain", "titip-key-file 2\n" + wrapping + index + "index-key 3 " + rising_key(0) + "\n"},
      {"a newer format", "titip-key-file 3\n" + wrapping + index},
      {"a short key", "titip-key-file 2\nwrapping-key 1 00\n" + index},
      {"no id", "titip-key-file 2\nwrapping-key " + rising_key(0) + "\n" + index},
  };
  for (const Row& row : rows) {
    write_file(path, with_crc(row.text));
    EXPECT_FALSE(read_key_file(path).has_value()) << row.name;
  }
  write_file(path, with_crc("titip-key-file 2\n" + wrapping + index));
  EXPECT_TRUE(read_key_file(path).has_value()) << "the rows fail for the reason they name";
}

TEST_F(KeyFiles, TheFirstFormatIsReadAndTheSecondWritten) {
  write_file(path, known_key_file());
  const KeyFile first = read_key_file(path).value();
  EXPECT_EQ(ids_of(first), std::vector<std::uint32_t>{7});
  EXPECT_EQ(first.index.size(), 1U);
  ASSERT_TRUE(replace_key_file(path, first));
  EXPECT_TRUE(read_file(path).starts_with("titip-key-file 2\n"));
  EXPECT_TRUE(same(read_key_file(path).value(), first));
}

TEST_F(KeyFiles, KeysAreAddedInTheirPlace) {
  write_file(path, known_chain_file());
  const KeyFile before = read_key_file(path).value();
  EXPECT_EQ(ids_of(before), (std::vector<std::uint32_t>{9, 7}));
  const KeyFile wrapping = with_new_wrapping_key(before).value();
  EXPECT_EQ(ids_of(wrapping), (std::vector<std::uint32_t>{10, 9, 7})) << "the newest first, no id twice";
  const KeyFile index = with_new_index_key(before).value();
  EXPECT_EQ(index.index.size(), 4U);
  EXPECT_EQ(index.index.front().bytes, before.index.front().bytes) << "the newest last";
  ASSERT_TRUE(replace_key_file(path, wrapping));
  EXPECT_TRUE(same(read_key_file(path).value(), wrapping));

  KeyFile full = before;
  while (full.wrapping.size() < most_wrapping_keys) full = with_new_wrapping_key(std::move(full)).value();
  while (full.index.size() < most_index_keys) full = with_new_index_key(std::move(full)).value();
  ASSERT_TRUE(replace_key_file(path, full)) << "the fullest file fits";
  EXPECT_TRUE(same(read_key_file(path).value(), full));
  EXPECT_FALSE(with_new_wrapping_key(full).has_value());
  EXPECT_FALSE(with_new_index_key(full).has_value());
}

TEST_F(KeyFiles, ReplacingIsRefusedWhereItWouldHideAFault) {
  const KeyFile file = make_key_file(path).value();
  const auto nowhere = replace_key_file(directory.path() / "absent", file);
  EXPECT_FALSE(nowhere.has_value());
  EXPECT_FALSE(fs::exists(directory.path() / "absent"));
  ::chmod(path.c_str(), 0644);
  EXPECT_FALSE(replace_key_file(path, file).has_value());
  ::chmod(path.c_str(), 0600);
  write_file(directory.path() / "key.unfinished", "left by a crash");
  ASSERT_TRUE(replace_key_file(path, with_new_wrapping_key(file).value()));
  EXPECT_FALSE(fs::exists(directory.path() / "key.unfinished"));
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(KeyFiles, OldWrappingKeysComeBackFromAnOlderFile) {
  const KeyFile old = make_key_file(path).value();
  KeyFile present = with_new_index_key(with_new_wrapping_key(old).value()).value();
  present.wrapping.pop_back();
  EXPECT_EQ(ids_of(with_keys_of(present, old).value()), (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(ids_of(with_keys_of(present, present).value()), (std::vector<std::uint32_t>{2}));
  EXPECT_FALSE(with_keys_of(old, present).has_value()) << "the other way round the chain would be cut";
  const KeyFile stranger = make_key_file(directory.path() / "stranger").value();
  EXPECT_FALSE(with_keys_of(present, stranger).has_value());
  KeyFile twin = old;
  twin.wrapping.front().key = stranger.wrapping.front().key;
  EXPECT_FALSE(with_keys_of(old, twin).has_value()) << "one id, two keys";
}

}  // namespace
}  // namespace titip::storage
