#include "upstream/scheme/utf16.h"

#include <cstddef>
#include <cstdint>

namespace titip::scheme {
namespace {

constexpr char32_t highest = 0x10ffff;

constexpr bool is_surrogate(char32_t point) {
  return point >= 0xd800 && point <= 0xdfff;
}

struct Lead {
  std::size_t following;
  char32_t bits;
  char32_t least;  // a smaller point has a shorter form, and only that is well-formed
};

std::optional<Lead> lead_of(std::uint8_t byte) {
  if (byte < 0x80) return Lead{0, byte, 0};
  if (byte >= 0xc2 && byte < 0xe0) return Lead{1, byte & 0x1fU, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return Lead{2, byte & 0x0fU, 0x800};
  if (byte >= 0xf0 && byte < 0xf5) return Lead{3, byte & 0x07U, 0x10000};
  return std::nullopt;
}

void append(std::string& text, char32_t point) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(static_cast<std::uint8_t>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0U | point >> 6U);
  } else {
    if (point < 0x10000) {
      put(0xe0U | point >> 12U);
    } else {
      put(0xf0U | point >> 18U);
      put(0x80U | (point >> 12U & 0x3fU));
    }
    put(0x80U | (point >> 6U & 0x3fU));
  }
  put(0x80U | (point & 0x3fU));
}

}  // namespace

std::optional<std::u16string> to_utf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = lead_of(static_cast<std::uint8_t>(utf8[i++]));
    if (!lead || utf8.size() - i < lead->following) return std::nullopt;
    char32_t point = lead->bits;
    for (std::size_t k = 0; k < lead->following; ++k) {
      const auto byte = static_cast<std::uint8_t>(utf8[i++]);
      if ((byte & 0xc0U) != 0x80) return std::nullopt;
      point = point << 6U | (byte & 0x3fU);
    }
    if (point < lead->least || point > highest || is_surrogate(point)) return std::nullopt;
    if (point < 0x10000) {
      out += static_cast<char16_t>(point);
    } else {
      out += static_cast<char16_t>(0xd800U + ((point - 0x10000U) >> 10U));
      out += static_cast<char16_t>(0xdc00U + (point & 0x3ffU));
    }
  }
  return out;
}

std::optional<std::string> to_utf8(std::u16string_view utf16) {
  std::string out;
  out.reserve(utf16.size());
  for (std::size_t i = 0; i < utf16.size(); ++i) {
    char32_t point = utf16[i];
    if (is_surrogate(point)) {
      const bool is_high = point < 0xdc00;
      if (!is_high || i + 1 == utf16.size()) return std::nullopt;
      const char32_t low = utf16[++i];
      if (low < 0xdc00 || low > 0xdfff) return std::nullopt;
      point = 0x10000U + ((point - 0xd800U) << 10U) + (low - 0xdc00U);
    }
    append(out, point);
  }
  return out;
}

}  // namespace titip::scheme
