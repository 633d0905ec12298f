#include "upstream/scheme/lz_string.h"

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
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

// A character's bits are written from the top, a code's from the bottom: both meet with the characters turned round.
constexpr std::uint32_t turned(std::uint32_t six) {
  std::uint32_t made = 0;
  for (unsigned i = 0; i < bits_in_a_character; ++i) made = made << 1U | (six >> i & 1U);
  return made;
}
constexpr std::array<char, 64> turned_alphabet() {
  std::array<char, 64> made{};
  for (std::uint32_t i = 0; i < made.size(); ++i) made[i] = alphabet[turned(i)];
  return made;
}
constexpr auto character_of = turned_alphabet();

class BitWriter {
 public:
  void write(std::uint32_t value, unsigned bits) {  // the least significant bit first
    pending_ |= std::uint64_t{value} << filled_;
    for (filled_ += bits; filled_ >= bits_in_a_character; filled_ -= bits_in_a_character) give();
  }
  std::string finish() {
    write(0, 1);
    if (filled_ != 0) give();
    return std::move(out_);
  }

 private:
  void give() {
    out_ += character_of[pending_ & 63U];
    pending_ >>= bits_in_a_character;
  }
  std::string out_;
  std::uint64_t pending_ = 0;
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

// (phrase, unit) -> longer phrase. Open addressing: this is where compressing spends its time.
class Phrases {
 public:
  // The code under that key; where there is none, `code` is put there, and the answer is 0, which is no phrase's code.
  std::uint32_t find_or_put(std::uint64_t key, std::uint32_t code) {
    if (2 * count_ >= slots_.size()) grow();
    auto& slot = place(key);
    if (slot.code != 0) return slot.code;
    slot = {key, code};
    ++count_;
    return 0;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t code = 0;
  };
  Slot& place(std::uint64_t key) {
    // Fibonacci hashing: the top bits of the product.
    auto at = static_cast<std::size_t>(key * 0x9e3779b97f4a7c15U >> shift_);
    while (slots_[at].code != 0 && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  void grow() {
    auto old = std::exchange(slots_, std::vector<Slot>(4 * slots_.size()));
    shift_ -= 2;
    for (const auto& slot : old)
      if (slot.code != 0) place(slot.key) = slot;
  }
  std::vector<Slot> slots_ = std::vector<Slot>(1024);
  unsigned shift_ = 64 - 10;
  std::size_t count_ = 0;
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
    const auto single = single_of(unit);
    if (phrase_ == nothing) {
      phrase_ = single;
      return;
    }
    const std::uint64_t longer = std::uint64_t{phrase_} << 16U | unit;
    if (const auto known = phrases_.find_or_put(longer, next_)) {
      phrase_ = known;
      return;
    }
    ++next_;
    write_phrase();
    phrase_ = single;
  }

  std::uint32_t single_of(char16_t unit) {
    auto& known = unit < bytes_.size() ? bytes_[unit] : others_[unit];
    if (known == nothing) {
      known = next_++;
      unwritten_.emplace(known, unit);
    }
    return known;
  }

  void write_phrase() {
    const auto unwritten = unwritten_.empty() ? unwritten_.end() : unwritten_.find(phrase_);
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
  std::uint32_t phrase_ = nothing;                      // the longest known phrase that ends here
  std::array<std::uint32_t, 256> bytes_{};              // phrases of one unit
  std::unordered_map<char16_t, std::uint32_t> others_;  // likewise, of units that are no byte
  Phrases phrases_;
  std::unordered_map<std::uint32_t, char16_t> unwritten_;  // singles the reader has not been told of
};

constexpr std::uint8_t no_character = 0xff;

// What a character says, turned round. "$" stands for 64 and has no bit among the six: it reads as 0.
constexpr std::array<std::uint8_t, 256> places() {
  std::array<std::uint8_t, 256> places{};
  places.fill(no_character);
  for (std::uint32_t i = 0; i < alphabet.size(); ++i) {
    places[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(turned(i));
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
    for (; held_ < bits; held_ += bits_in_a_character) {
      if (at_ >= packed_.size()) return std::nullopt;
      const std::uint8_t place = place_of[static_cast<std::uint8_t>(packed_[at_++])];
      if (place == no_character) return std::nullopt;
      pending_ |= std::uint64_t{place} << held_;
    }
    const auto value = static_cast<std::uint32_t>(pending_ & ((std::uint64_t{1} << bits) - 1));
    pending_ >>= bits;
    held_ -= bits;
    return value;
  }

 private:
  std::string_view packed_;
  std::size_t at_ = 0;
  std::uint64_t pending_ = 0;
  unsigned held_ = 0;
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
    if (from.at + from.length <= out_.size()) {
      out_.append(out_, from.at, from.length);
    } else {
      for (std::size_t i = 0; i < from.length; ++i) out_ += out_[from.at + i];  // overlaps what is being written
    }
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
