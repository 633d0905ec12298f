// The order of keys: byte by byte, as everywhere. Most keys begin with a hash or an id and differ in their first eight
// bytes, which are compared as one number. Pure, any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace titip::storage {

struct KeyOrder {
  using is_transparent = void;

  bool operator()(std::string_view a, std::string_view b) const {
    if (a.size() >= sizeof(std::uint64_t) && b.size() >= sizeof(std::uint64_t)) {
      const std::uint64_t ours = beginning(a);
      const std::uint64_t theirs = beginning(b);
      if (ours != theirs) return ours < theirs;
    }
    return a < b;
  }

 private:
  static std::uint64_t beginning(std::string_view key) {
    std::uint64_t number = 0;
    std::memcpy(&number, key.data(), sizeof(number));
    return std::endian::native == std::endian::little ? std::byteswap(number) : number;
  }
};

}  // namespace titip::storage
