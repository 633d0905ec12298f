#include "storage/erasure_list.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/key_file.h"
#include "tests/storage/key_files.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

class ErasureList : public ::testing::Test {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(append_erasure(list, {at(noon_ms + i), 1, digest("person " + std::to_string(i))}));
    }
  }
  std::size_t size() const { return read_erasures(list).value().size(); }
  Directory directory;
  const std::filesystem::path list = directory.path() / "key.erased";
};

TEST_F(ErasureList, KeepsWhatWasAppended) {
  EXPECT_EQ(size(), 0U) << "no file: nobody was erased yet";
  append(3);
  const auto read = read_erasures(list).value();
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[2].at, at(noon_ms + 2));
  EXPECT_EQ(read[2].links, 1U);
  EXPECT_EQ(read[2].person, digest("person 2"));
  struct stat found{};
  ASSERT_EQ(::stat(list.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(ErasureList, IsThereFromTheBeginningSoThatItsAbsenceIsALoss) {
  EXPECT_FALSE(has_erasure_list(list));
  ASSERT_TRUE(begin_erasure_list(list));
  EXPECT_TRUE(has_erasure_list(list));
  EXPECT_EQ(size(), 0U);
  append(2);
  ASSERT_TRUE(begin_erasure_list(list));
  EXPECT_EQ(size(), 2U) << "nobody is forgotten";
}

TEST_F(ErasureList, ALineThatACrashCutShortIsDropped) {
  append(3);
  const std::string whole = read_file(list);
  const std::size_t third = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t cut = third; cut < whole.size(); ++cut) {
    write_file(list, whole.substr(0, cut));
    ASSERT_EQ(size(), 2U) << "cut at " << cut;
    ASSERT_TRUE(append_erasure(list, {at(noon_ms + 2), 1, digest("person 2")}));
    EXPECT_EQ(read_file(list), whole) << "as if nothing had been there, cut at " << cut;
  }
  for (std::size_t cut = 0; cut < 10; ++cut) {
    write_file(list, whole.substr(0, cut));
    append(3);
    EXPECT_EQ(read_file(list), whole) << "cut in its first line, at " << cut;
    std::filesystem::remove(list);
  }
}

TEST_F(ErasureList, AnyOtherDamageIsRefused) {
  append(3);
  const std::string whole = read_file(list);
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = damaged[i] == '1' ? '2' : '1';
    write_file(list, damaged);
    const auto read = read_erasures(list);
    EXPECT_FALSE(read.has_value()) << "byte " << i;
    if (!read) EXPECT_NE(read.error().find("backup"), std::string::npos) << read.error();
    EXPECT_FALSE(append_erasure(list, {at(noon_ms), 1, digest("x")}).has_value()) << "byte " << i;
  }
  const std::size_t first = whole.find('\n') + 1;
  const std::size_t second = whole.find('\n', first) + 1;
  write_file(list, whole.substr(0, first) + whole.substr(second));
  EXPECT_FALSE(read_erasures(list).has_value()) << "a line taken out of the middle";
  write_file(list, whole);
  ::chmod(list.c_str(), 0644);
  EXPECT_FALSE(read_erasures(list).has_value()) << "others may read it";
}

TEST_F(ErasureList, MovesOnWithTheChain) {
  const auto key = directory.path() / "key";
  const Sealer first = Sealer::open(key, true).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(append_erasure(list, {at(noon_ms), 1, first.keyed_hash("person", {std::to_string(i)})}));
  }
  ASSERT_TRUE(replace_key_file(key, with_new_index_key(read_key_file(key).value()).value()));
  const Sealer second = Sealer::open(key, false).value();
  ASSERT_TRUE(append_erasure(list, {at(noon_ms), 2, second.keyed_hash("person", {"3"})}));
  const std::string mixed = read_file(list);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(move_erasures_on(list, second));
    const auto read = read_erasures(list).value();
    ASSERT_EQ(read.size(), 4U);
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(read[static_cast<std::size_t>(i)].person, second.keyed_hash("person", {std::to_string(i)}));
      EXPECT_EQ(read[static_cast<std::size_t>(i)].links, 2U);
    }
  }
  EXPECT_NE(read_file(list), mixed);
  EXPECT_FALSE(move_erasures_on(list, first).has_value()) << "an older key file cannot";
}

}  // namespace
}  // namespace titip::storage
