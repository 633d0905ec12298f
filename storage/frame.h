// The frame around every stored value: version byte, body, CRC-32C over where it lies and what it says. For those
// who lay out stored values alone. Pure, any thread.
//
// Invariant: body_of() yields a body only to the place, and only of the bytes, that sealed() was given.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/check.h"
#include "storage/codec.h"
#include "storage/crc32c.h"
#include "storage/records.h"

namespace titip::storage {

inline constexpr std::uint8_t value_version = 2;
inline constexpr std::size_t crc_bytes = 4;
inline constexpr std::size_t frame_bytes = 1 + crc_bytes;
inline constexpr std::size_t id_bytes = 16;
inline constexpr std::size_t audit_hash_bytes = 32;

// The key's length goes first and the family's name ends with a zero, so that no two places begin alike.
inline std::uint32_t checksum(const Place& at, std::string_view covered) {
  const std::string_view name = family_names[static_cast<std::size_t>(at.family)];
  const auto length = static_cast<std::uint32_t>(at.key.size());
  std::array<char, 20> place{static_cast<char>(length >> 24U), static_cast<char>(length >> 16U),
                             static_cast<char>(length >> 8U), static_cast<char>(length)};
  static_assert(4 + std::ranges::max(family_names, {}, &std::string_view::size).size() < place.size());
  name.copy(place.data() + 4, name.size());
  const std::uint32_t sum = crc32c(std::string_view(place.data(), 4 + name.size() + 1));
  return crc32c(covered, crc32c(at.key, sum));
}

class Value : public Encoder {
 public:
  // `expected`: about how long the body is, for what is longer than a handful of bytes.
  explicit Value(std::size_t expected = 0) {
    reserve(expected + frame_bytes);
    u8(value_version);
  }
  std::string sealed(const Place& at) {
    u32(checksum(at, peek()));
    return take();
  }
};

inline std::optional<Decoder> body_of(const Place& at, std::string_view bytes) {
  if (bytes.size() < frame_bytes) return std::nullopt;
  const std::string_view covered = bytes.substr(0, bytes.size() - crc_bytes);
  if (Decoder(bytes.substr(covered.size())).u32() != checksum(at, covered)) return std::nullopt;
  if (static_cast<std::uint8_t>(covered[0]) != value_version) return std::nullopt;
  return Decoder(covered.substr(1));
}

template <class T>
std::optional<T> whole(const Decoder& in, T value) {
  if (!in.done()) return std::nullopt;
  return value;
}

// The id a key begins with.
inline SubmissionId id_of(const Place& at) {
  check(at.key.size() >= id_bytes, "the key of a value that belongs to a record begins with its id");
  return Decoder(at.key).id();
}

inline State read_state(Decoder& in) {
  const auto state = static_cast<State>(in.u8());
  if (std::ranges::find(all_states, state) == all_states.end()) in.refuse();
  return state;
}

}  // namespace titip::storage
