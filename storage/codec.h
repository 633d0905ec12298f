// Bytes by hand: big-endian numbers, varints and counted strings. What is encoded here is the stored format
// (FORMAT.md). Pure; one Encoder or Decoder belongs to one thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "storage/check.h"
#include "storage/submission.h"

namespace titip::storage {

class Encoder {
 public:
  Encoder& u8(std::uint8_t value) {
    out_.push_back(static_cast<char>(value));
    return *this;
  }
  Encoder& u16(std::uint16_t value) { return number(value, 2); }
  Encoder& u32(std::uint32_t value) { return number(value, 4); }
  Encoder& u64(std::uint64_t value) { return number(value, 8); }
  // Seven bits a byte, the lowest first, the top bit says that more follow: one byte for what is nearly always small.
  Encoder& varint(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) out_.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    out_.push_back(static_cast<char>(value));
    return *this;
  }
  // Its length before it, then no leading zeros: short, and byte order is still its order. For keys.
  Encoder& ordered(std::uint64_t value) {
    unsigned size = 0;
    while (size < 8 && value >> (8U * size) != 0) ++size;
    return u8(static_cast<std::uint8_t>(size)).number(value, size);
  }
  Encoder& time(WallTime value) { return u64(static_cast<std::uint64_t>(value.time_since_epoch().count())); }
  // How much later than `base` (or earlier): times of one record lie close together.
  Encoder& time(WallTime value, WallTime base) {
    const std::uint64_t later = static_cast<std::uint64_t>(value.time_since_epoch().count()) -
                                static_cast<std::uint64_t>(base.time_since_epoch().count());
    return varint((later << 1U) ^ ((later >> 63U) != 0 ? ~0ULL : 0ULL));
  }
  Encoder& id(const SubmissionId& value) { return raw(value.bytes.data(), value.bytes.size()); }
  Encoder& digest(const Digest& value) { return raw(value.data(), value.size()); }
  Encoder& bytes(std::string_view value) {
    out_.append(value);
    return *this;
  }
  // Names, codes, rules: short by nature.
  Encoder& text(std::string_view value) {
    check(value.size() <= std::numeric_limits<std::uint16_t>::max(), "a stored name is at most 65535 bytes long");
    return u16(static_cast<std::uint16_t>(value.size())).bytes(value);
  }
  // The same with a length of one byte for nearly all of them.
  Encoder& name(std::string_view value) { return varint(value.size()).bytes(value); }
  Encoder& blob(std::string_view value) {
    check(value.size() <= std::numeric_limits<std::uint32_t>::max(), "a stored value is at most 4 GiB long");
    return u32(static_cast<std::uint32_t>(value.size())).bytes(value);
  }
  void reserve(std::size_t size) { out_.reserve(size); }
  const std::string& peek() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  Encoder& raw(const std::uint8_t* data, std::size_t size) {
    out_.append(reinterpret_cast<const char*>(data), size);
    return *this;
  }
  Encoder& number(std::uint64_t value, unsigned size) {
    char digits[8];
    for (unsigned i = 0; i < size; ++i) digits[i] = static_cast<char>((value >> (8U * (size - 1U - i))) & 0xffU);
    out_.append(digits, size);
    return *this;
  }
  std::string out_;
};

// Never reads past the end: the first thing that does not fit makes all that follows zero and done() false.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  // Only the shortest form is taken: one value has one encoding.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      const std::uint64_t part = byte & 0x7fU;
      if ((shift == 63 && part > 1) || (shift > 0 && byte == 0)) break;
      value |= part << shift;
      if ((byte & 0x80U) == 0) return ok_ ? value : 0;
    }
    refuse();
    return 0;
  }
  template <class Number>
  Number varint_of() {
    const std::uint64_t value = varint();
    if (value > std::numeric_limits<Number>::max()) refuse();
    return ok_ ? static_cast<Number>(value) : Number{};
  }
  std::uint64_t ordered() {
    const std::uint8_t size = u8();
    if (size > 8) {
      refuse();
      return 0;
    }
    const std::uint64_t value = number(size);
    if (size > 0 && value >> (8U * (size - 1U)) == 0) refuse();
    return ok_ ? value : 0;
  }
  WallTime time() { return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(u64()))); }
  WallTime time(WallTime base) {
    const std::uint64_t folded = varint();
    const std::uint64_t later = (folded >> 1U) ^ ((folded & 1U) != 0 ? ~0ULL : 0ULL);
    return WallTime(std::chrono::milliseconds(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(base.time_since_epoch().count()) + later)));
  }
  SubmissionId id() {
    SubmissionId value;
    raw(value.bytes.data(), value.bytes.size());
    return value;
  }
  Digest digest() {
    Digest value{};
    raw(value.data(), value.size());
    return value;
  }
  std::string_view bytes(std::size_t size) {
    if (!ok_ || rest_.size() < size) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string text() { return std::string(bytes(u16())); }
  std::string name() { return std::string(bytes(varint())); }
  std::string blob() { return std::string(bytes(u32())); }
  std::string rest() { return std::string(bytes(left())); }
  std::size_t left() const { return rest_.size(); }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  void refuse() { ok_ = false; }

 private:
  void raw(std::uint8_t* data, std::size_t size) {
    const std::string_view taken = bytes(size);
    for (std::size_t i = 0; i < taken.size(); ++i) data[i] = static_cast<std::uint8_t>(taken[i]);
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : bytes(size)) value = (value << 8U) | static_cast<std::uint8_t>(c);
    return value;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace titip::storage
