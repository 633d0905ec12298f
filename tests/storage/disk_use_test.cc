// What a store takes, by kind of file.
#include "storage/disk_use.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/storage/support.h"

namespace titip::storage {
namespace {

TEST(DiskUse, IsToldByKindOfFile) {
  EXPECT_EQ(kind_of_file("000123.sst"), DiskUse::tables);
  EXPECT_EQ(kind_of_file("000123.blob"), DiskUse::blobs);
  EXPECT_EQ(kind_of_file("000123.log"), DiskUse::logs);
  EXPECT_EQ(kind_of_file("BALLAST"), DiskUse::ballast);
  EXPECT_EQ(kind_of_file("MANIFEST-000004"), DiskUse::other);
}

TEST(DiskUse, IsMeasuredAsItLiesOnTheDisk) {
  const Directory directory;
  const auto write = [&](const std::string& name, std::size_t bytes) {
    std::ofstream(directory.path() / name) << std::string(bytes, 'x');
  };
  write("1.sst", 100'000);
  write("2.sst", 50'000);
  write("3.blob", 300'000);
  std::filesystem::create_directory(directory.path() / "inner");
  write("inner/4.log", 10'000);
  std::filesystem::create_symlink("1.sst", directory.path() / "5.sst");
  const auto uses = measure_disk_use(directory.path());
  const auto about = [&](DiskUse kind, std::uint64_t bytes) {
    const auto found = uses[static_cast<std::size_t>(kind)];
    EXPECT_GE(found, bytes) << disk_use_names[static_cast<std::size_t>(kind)];
    EXPECT_LE(found, bytes + 4 * 65'536) << disk_use_names[static_cast<std::size_t>(kind)];
  };
  about(DiskUse::tables, 150'000);
  about(DiskUse::blobs, 300'000);
  about(DiskUse::logs, 10'000);
  EXPECT_EQ(uses[static_cast<std::size_t>(DiskUse::ballast)], 0U);
  EXPECT_EQ(measure_disk_use(directory.path() / "not there"), DiskUses{});
}

}  // namespace
}  // namespace titip::storage
