// How the text of header fields is compared and cut. Private to this room.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace titip::http {

// RFC 9110, 5.6.2. A table: every byte of every header's name is looked up.
inline constexpr std::array<bool, 256> token_chars = [] {
  std::array<bool, 256> chars{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    chars[static_cast<unsigned char>(c)] = true;
  return chars;
}();
inline bool is_token_char(char c) {
  return token_chars[static_cast<unsigned char>(c)];
}

inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

inline std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace titip::http
