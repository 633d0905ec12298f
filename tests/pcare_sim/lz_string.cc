#include "tests/pcare_sim/lz_string.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace titip::pcare_sim {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
// What the first codes mean; phrases are numbered from 3 on.
constexpr std::uint32_t says_8_bit_unit = 0;
constexpr std::uint32_t says_16_bit_unit = 1;
constexpr std::uint32_t says_end = 2;

// The next code point and how many bytes it took.
std::pair<char32_t, std::size_t> next_code_point(std::string_view text) {
  constexpr char32_t broken = 0xFFFD;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
  if (length == 0 || length > text.size()) return {broken, 1};
  char32_t value = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {broken, 1};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  return {value, length};
}

std::u16string utf16_of(std::string_view text) {
  std::u16string units;
  while (!text.empty()) {
    const auto [point, length] = next_code_point(text);
    text.remove_prefix(length);
    if (point < 0x10000) {
      units += static_cast<char16_t>(point);
    } else {
      units += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10U));
      units += static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FFU));
    }
  }
  return units;
}

// Values go out lowest bit first; six bits, the earliest highest, make a character.
class BitsOut {
 public:
  void value(std::uint32_t value, unsigned bits) {
    for (; bits > 0; --bits, value >>= 1U) bit(value & 1U);
  }
  // Zeros up to the end of a character; one at least.
  std::string finished() {
    do bit(0);
    while (filled_ != 0);
    return out_;
  }

 private:
  void bit(std::uint32_t bit) {
    six_ = (six_ << 1U) | bit;
    if (++filled_ < 6) return;
    out_ += letters[six_];
    six_ = filled_ = 0;
  }

  std::string out_;
  std::uint32_t six_ = 0;
  unsigned filled_ = 0;
};

class Packer {
 public:
  std::string pack(const std::u16string& units) {
    for (const char16_t unit : units) {
      const auto [alone, is_new] = alone_.try_emplace(unit, next_);
      if (is_new) {
        ++next_;
        untold_.insert(unit);
      }
      if (!phrase_) {
        begin(unit, alone->second);
        continue;
      }
      const std::uint64_t longer = (std::uint64_t{*phrase_} << 16U) | unit;
      if (const auto found = longer_.find(longer); found != longer_.end()) {
        phrase_ = found->second;
        single_ = false;
        continue;
      }
      tell();
      longer_.emplace(longer, next_++);
      begin(unit, alone->second);
    }
    if (phrase_) tell();
    bits_.value(says_end, width_);
    return bits_.finished();
  }

 private:
  void begin(char16_t unit, std::uint32_t code) {
    phrase_ = code;
    unit_ = unit;
    single_ = true;
  }

  void tell() {
    if (single_ && untold_.erase(unit_) == 1) {
      const bool narrow = unit_ < 256;
      bits_.value(narrow ? says_8_bit_unit : says_16_bit_unit, width_);
      bits_.value(unit_, narrow ? 8 : 16);
      count_down();
    } else {
      bits_.value(*phrase_, width_);
    }
    count_down();
  }

  // Codes get a bit wider each time as many were told as the width had room for.
  void count_down() {
    if (--until_wider_ > 0) return;
    until_wider_ = 1U << width_;
    ++width_;
  }

  BitsOut bits_;
  std::unordered_map<char16_t, std::uint32_t> alone_;        // phrases of one unit
  std::unordered_map<std::uint64_t, std::uint32_t> longer_;  // a phrase and the unit after it
  std::unordered_set<char16_t> untold_;                      // units that the reader has not seen
  std::optional<std::uint32_t> phrase_;
  char16_t unit_ = 0;  // the phrase, if it is one unit
  bool single_ = false;
  std::uint32_t next_ = 3;
  unsigned width_ = 2;
  std::uint32_t until_wider_ = 2;
};

}  // namespace

std::string lz_packed(std::string_view text) {
  return Packer().pack(utf16_of(text));
}

}  // namespace titip::pcare_sim
