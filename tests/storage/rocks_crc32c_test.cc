// RocksDB reckons its checksums with ours: what is found by the name that RocksDB calls is in this program, not in the
// library, and gives what the library's tables give.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <rocksdb/version.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/crc32c.h"

namespace titip::storage {
namespace {

constexpr auto name = "_ZN7rocksdb6crc32c6ExtendEjPKcm";
using Extend = std::uint32_t (*)(std::uint32_t, const char*, std::size_t);

std::string file_of(void* address) {
  Dl_info found{};
  return dladdr(address, &found) != 0 && found.dli_fname != nullptr ? found.dli_fname : "nowhere";
}

TEST(RocksCrc32cTest, RocksDbFindsOurs) {
  void* const first = dlsym(RTLD_DEFAULT, name);
  ASSERT_NE(first, nullptr) << "not exported to shared libraries";
  EXPECT_EQ(file_of(first).find("librocksdb"), std::string::npos) << file_of(first);
}

TEST(RocksCrc32cTest, ItIsTheSameFunction) {
  void* const library = dlopen("librocksdb.so.7.8", RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(library, nullptr) << "this test knows RocksDB 7.8 alone: look whether a newer one has a fast checksum";
  const auto theirs = reinterpret_cast<Extend>(dlsym(library, name));
  ASSERT_NE(theirs, nullptr);
  ASSERT_NE(file_of(reinterpret_cast<void*>(theirs)).find("librocksdb"), std::string::npos);
  std::string text;
  for (int length = 0; length < 200; ++length) {
    EXPECT_EQ(theirs(7, text.data(), text.size()), crc32c(text, 7)) << length;
    text.push_back(static_cast<char>(length * 37));
  }
}

}  // namespace
}  // namespace titip::storage
