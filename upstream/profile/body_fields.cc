#include "upstream/profile/body_fields.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "upstream/profile/json_text.h"

namespace titip::profile {
namespace {

// Which of the pointers lead to, or through, the place that is being read: a bit each.
using Mask = std::uint32_t;
constexpr std::size_t most_pointers = 32;

enum class Byte : std::uint8_t { plain, quote, backslash, other };

constexpr std::array<Byte, 256> byte_kinds = [] {
  std::array<Byte, 256> kinds{};
  for (std::size_t c = 0; c < kinds.size(); ++c) {
    kinds[c] = c == '"' ? Byte::quote : c == '\\' ? Byte::backslash : c < 0x20 || c >= 0x80 ? Byte::other : Byte::plain;
  }
  return kinds;
}();

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

// One pass over the text. Each step answers false for "leave it to the other".
class FieldReader {
 public:
  FieldReader(std::string_view text, std::size_t max_depth, BodyFields& fields)
      : rest_(text), max_depth_(max_depth), fields_(fields) {}

  bool read(std::span<const std::string> pointers) {
    if (pointers.size() > most_pointers) return false;
    pointers_.reserve(pointers.size());
    for (const std::string& pointer : pointers) {
      if (!is_pointer(pointer) || pointer.contains('~')) return false;
      fields_.values_.emplace_back(pointer, std::string_view());
      pointers_.push_back({pointer, token(pointer, 0), tokens(pointer)});
    }
    skip_space();
    fields_.is_object_ = peek() == '{';
    const Mask all = pointers.size() == most_pointers ? ~Mask{0} : (Mask{1} << pointers.size()) - 1;
    if (!value(0, all)) return false;
    skip_space();
    return rest_.empty();
  }

 private:
  struct Pointer {
    std::string_view text;
    std::string_view first;  // of its tokens: most have one
    std::size_t length;      // in tokens
  };

  static std::size_t tokens(std::string_view pointer) {
    return static_cast<std::size_t>(std::ranges::count(pointer, '/'));
  }

  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool skip(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() {
    while (!rest_.empty() &&
           (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\r' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }

  bool value(std::size_t depth, Mask mask) {
    switch (peek()) {
      case '{':
        return object(depth, mask);
      case '[':
        return array(depth, mask);
      case '"':
        return string_value(depth, mask);
      case 't':
        return word("true", "true", depth, mask);
      case 'f':
        return word("false", "false", depth, mask);
      case 'n':
        return word("null", "", depth, mask);
      default:
        return number(depth, mask);
    }
  }

  bool object(std::size_t depth, Mask mask) {
    if (depth >= max_depth_ || !skip('{')) return false;
    skip_space();
    if (skip('}')) return true;
    Mask met = 0;
    do {
      skip_space();
      std::string_view name;
      bool escaped = false;
      if (!string(name, escaped) || escaped) return false;
      const Mask inside = mask == 0 ? 0 : those_through(mask, depth, name);
      if ((inside & met) != 0) return false;
      met |= inside;
      skip_space();
      if (!skip(':')) return false;
      skip_space();
      if (!value(depth + 1, inside)) return false;
      skip_space();
    } while (skip(','));
    return skip('}');
  }

  bool array(std::size_t depth, Mask mask) {
    if (depth >= max_depth_ || goes_on(depth, mask) || !skip('[')) return false;
    skip_space();
    if (skip(']')) return true;
    do {
      skip_space();
      if (!value(depth + 1, 0)) return false;
      skip_space();
    } while (skip(','));
    return skip(']');
  }

  bool string_value(std::size_t depth, Mask mask) {
    std::string_view inside;
    bool escaped = false;
    if (!string(inside, escaped)) return false;
    return take(inside, !escaped, depth, mask);
  }

  // What stands between the quotes, as written.
  bool string(std::string_view& inside, bool& escaped) {
    if (!skip('"')) return false;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      switch (byte_kinds[static_cast<unsigned char>(rest_[at])]) {
        case Byte::plain:
          continue;
        case Byte::quote:
          inside = rest_.substr(0, at);
          rest_.remove_prefix(at + 1);
          return true;
        case Byte::backslash:
          escaped = true;
          ++at;
          if (at >= rest_.size() || !std::string_view("\"\\/bfnrt").contains(rest_[at])) return false;
          continue;
        case Byte::other:
          return false;
      }
    }
    return false;
  }

  bool word(std::string_view written, std::string_view text, std::size_t depth, Mask mask) {
    if (!rest_.starts_with(written)) return false;
    rest_.remove_prefix(written.size());
    return take(text, true, depth, mask);
  }

  bool number(std::size_t depth, Mask mask) {
    // Longer ones may be too large for any number.
    constexpr std::size_t most = 64;
    constexpr std::size_t most_wanted = 18;
    const auto digits = [&](std::size_t from) {
      std::size_t to = from;
      while (to < rest_.size() && is_digit(rest_[to])) ++to;
      return to;
    };
    const std::size_t sign = peek() == '-' ? 1 : 0;
    std::size_t end = digits(sign);
    const bool leading_zero = end > sign && rest_[sign] == '0';
    if (end == sign || (leading_zero && end > sign + 1)) return false;
    bool plain = end - sign <= most_wanted && (sign == 0 || !leading_zero);
    if (end < rest_.size() && rest_[end] == '.') {
      const std::size_t fraction = end + 1;
      end = digits(fraction);
      if (end == fraction) return false;
      plain = false;
    }
    if (end > most || (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E'))) return false;
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return take(text, plain, depth, mask);
  }

  // Those of `mask` whose next name is this one.
  Mask those_through(Mask mask, std::size_t depth, std::string_view name) const {
    Mask inside = 0;
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
      if ((mask >> i & 1U) == 0 || pointers_[i].length <= depth) continue;
      const auto next = depth == 0 ? pointers_[i].first : token(pointers_[i].text, depth);
      if (next == name) inside |= Mask{1} << i;
    }
    return inside;
  }

  static std::string_view token(std::string_view pointer, std::size_t number) {
    for (;; --number) {
      pointer.remove_prefix(1);
      const std::size_t end = std::min(pointer.find('/'), pointer.size());
      if (number == 0) return pointer.substr(0, end);
      pointer.remove_prefix(end);
    }
  }

  bool goes_on(std::size_t depth, Mask mask) const {
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
      if ((mask >> i & 1U) != 0 && pointers_[i].length > depth) return true;
    }
    return false;
  }

  // A single value for those that end here.
  bool take(std::string_view text, bool plain, std::size_t depth, Mask mask) {
    for (std::size_t i = 0; mask != 0 && i < pointers_.size(); ++i) {
      if ((mask >> i & 1U) == 0 || pointers_[i].length != depth) continue;
      if (!plain) return false;
      fields_.values_[i].second = text;
    }
    return true;
  }

  std::string_view rest_;
  const std::size_t max_depth_;
  BodyFields& fields_;
  std::vector<Pointer> pointers_;
};

std::optional<BodyFields> BodyFields::read(std::string_view text, std::span<const std::string> pointers,
                                           std::size_t max_depth) {
  BodyFields fields;
  fields.values_.reserve(pointers.size());
  FieldReader reader(text, max_depth, fields);
  if (!reader.read(pointers)) return std::nullopt;
  return fields;
}

std::string_view BodyFields::value(std::string_view pointer) const {
  const auto found = std::ranges::find(values_, pointer, &std::pair<std::string_view, std::string_view>::first);
  return found == values_.end() ? std::string_view() : found->second;
}

}  // namespace titip::profile
