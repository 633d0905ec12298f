#include "upstream/scheme/lz_string.h"

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "upstream/scheme/utf16.h"

namespace titip::scheme {
namespace {

// Six bits a character. The last one ("$") is never written; decoders take it for what its place says.
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$";
constexpr unsigned bits_in_a_character = 6;

// The first codes are marks; entries of the dictionary follow them.
constexpr std::uint32_t new_byte = 0;  // eight bits of a character seen for the first time follow
constexpr std::uint32_t new_unit = 1;  // sixteen
constexpr std::uint32_t end_mark = 2;
constexpr std::uint32_t first_entry = 3;

class BitWriter {
 public:
  void write(std::uint32_t value, unsigned bits) {  // the least significant bit first
    for (unsigned i = 0; i < bits; ++i) bit(value >> i & 1U);
  }
  std::string finish() {
    do bit(0);
    while (filled_ != 0);
    return std::move(out_);
  }

 private:
  void bit(std::uint32_t value) {
    pending_ = pending_ << 1U | value;
    if (++filled_ < bits_in_a_character) return;
    out_ += alphabet[pending_];
    pending_ = 0;
    filled_ = 0;
  }
  std::string out_;
  std::uint32_t pending_ = 0;
  unsigned filled_ = 0;
};

// The width of a code grows whenever the dictionary may have outgrown it: writer and reader count alike.
class Width {
 public:
  Width(unsigned bits, std::uint32_t left) : bits_(bits), left_(left) {}
  unsigned bits() const { return bits_; }
  void count() {
    if (--left_ != 0) return;
    left_ = 1U << bits_;
    ++bits_;
  }

 private:
  unsigned bits_;
  std::uint32_t left_;
};

class Compressor {
 public:
  std::string run(std::u16string_view text) {
    for (const char16_t unit : text) take(unit);
    if (phrase_ != nothing) write_phrase();
    out_.write(end_mark, width_.bits());
    return out_.finish();
  }

 private:
  static constexpr std::uint32_t nothing = 0;

  void take(char16_t unit) {
    const auto [single, is_new] = singles_.try_emplace(unit, next_);
    if (is_new) unwritten_.emplace(next_++, unit);
    if (phrase_ == nothing) {
      phrase_ = single->second;
      return;
    }
    const std::uint64_t longer = std::uint64_t{phrase_} << 16U | unit;
    const auto known = phrases_.find(longer);
    if (known != phrases_.end()) {
      phrase_ = known->second;
      return;
    }
    write_phrase();
    phrases_.emplace(longer, next_++);
    phrase_ = single->second;
  }

  void write_phrase() {
    const auto unwritten = unwritten_.find(phrase_);
    if (unwritten == unwritten_.end()) {
      out_.write(phrase_, width_.bits());
    } else {
      const char16_t unit = unwritten->second;
      const bool is_byte = unit < 256;
      out_.write(is_byte ? new_byte : new_unit, width_.bits());
      out_.write(unit, is_byte ? 8 : 16);
      width_.count();
      unwritten_.erase(unwritten);
    }
    width_.count();
  }

  BitWriter out_;
  Width width_{2, 2};
  std::uint32_t next_ = first_entry;
  std::uint32_t phrase_ = nothing;                            // the longest known phrase that ends here
  std::unordered_map<char16_t, std::uint32_t> singles_;       // phrases of one unit
  std::unordered_map<std::uint64_t, std::uint32_t> phrases_;  // (phrase, unit) -> longer phrase
  std::unordered_map<std::uint32_t, char16_t> unwritten_;     // singles the reader has not been told of
};

constexpr std::uint8_t no_character = 0xff;

constexpr std::array<std::uint8_t, 256> places() {
  std::array<std::uint8_t, 256> places{};
  places.fill(no_character);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    places[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  places[static_cast<std::uint8_t>(' ')] = places[static_cast<std::uint8_t>('+')];  // a URL decoder was at work
  return places;
}
constexpr auto place_of = places();

class BitReader {
 public:
  explicit BitReader(std::string_view packed) : packed_(packed) {}
  // Nothing at the end, or at a character that is none.
  std::optional<std::uint32_t> read(unsigned bits) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < bits; ++i) {
      const std::size_t at = read_ / bits_in_a_character;
      if (at >= packed_.size()) return std::nullopt;
      const std::uint8_t place = place_of[static_cast<std::uint8_t>(packed_[at])];
      if (place == no_character) return std::nullopt;
      const auto from_top = static_cast<unsigned>(read_ % bits_in_a_character);
      value |= (std::uint32_t{place} >> (bits_in_a_character - 1 - from_top) & 1U) << i;
      ++read_;
    }
    return value;
  }

 private:
  std::string_view packed_;
  std::size_t read_ = 0;
};

// Every entry of the dictionary is a piece of what was given out already, so that it is two numbers and no string.
struct Piece {
  std::size_t at = 0;
  std::size_t length = 0;
};

class Decompressor {
 public:
  Decompressor(std::string_view packed, std::size_t most_units) : in_(packed), most_units_(most_units) {}

  std::optional<std::u16string> run() {
    std::optional<Piece> before;
    while (true) {
      const auto code = in_.read(width_.bits());
      if (!code) return std::nullopt;
      if (*code == end_mark) return std::move(out_);
      const auto piece = *code < end_mark ? literal(*code) : known(*code, before);
      if (!piece) return std::nullopt;
      if (before) {
        entries_.push_back({before->at, before->length + 1});
        width_.count();
      }
      before = piece;
    }
  }

 private:
  std::optional<Piece> literal(std::uint32_t mark) {
    const auto unit = in_.read(mark == new_byte ? 8 : 16);
    if (!unit || out_.size() == most_units_) return std::nullopt;
    const Piece piece{out_.size(), 1};
    out_ += static_cast<char16_t>(*unit);
    entries_.push_back(piece);
    width_.count();
    return piece;
  }

  std::optional<Piece> known(std::uint32_t code, const std::optional<Piece>& before) {
    const std::size_t entry = code - first_entry;
    Piece from;
    if (entry < entries_.size()) {
      from = entries_[entry];
    } else if (entry == entries_.size() && before) {
      from = {before->at, before->length + 1};  // the entry being made at this moment: it ends with its own beginning
    } else {
      return std::nullopt;
    }
    if (from.length > most_units_ - out_.size()) return std::nullopt;
    const Piece piece{out_.size(), from.length};
    for (std::size_t i = 0; i < from.length; ++i) out_ += out_[from.at + i];  // may overlap what is being written
    return piece;
  }

  BitReader in_;
  std::size_t most_units_;
  // The first code has two bits and is always a literal or the end; what it counts makes the second three bits wide.
  Width width_{2, 1};
  std::u16string out_;
  std::vector<Piece> entries_;
};

}  // namespace

std::optional<std::string> lz_compress(std::string_view text) {
  const auto units = to_utf16(text);
  if (!units) return std::nullopt;
  return Compressor().run(*units);
}

std::optional<std::string> lz_decompress(std::string_view packed, std::size_t most_bytes) {
  auto units = Decompressor(packed, most_bytes).run();  // a unit is at least a byte
  if (!units) return std::nullopt;
  auto text = to_utf8(*units);
  if (!text || text->size() > most_bytes) return std::nullopt;
  return text;
}

}  // namespace titip::scheme
