#include "gateway/admin/mask.h"

#include <algorithm>
#include <cstddef>

namespace titip::admin {

std::string masked(std::string_view text) {
  constexpr std::size_t number_digits = 13;  // a BPJS card has 13, a NIK 16
  constexpr std::size_t shown = 4;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string out(text);
  for (std::size_t at = 0; at < out.size();) {
    std::size_t end = at;
    while (end < out.size() && is_digit(out[end])) ++end;
    if (end - at >= number_digits)
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(at), out.begin() + static_cast<std::ptrdiff_t>(end - shown),
                '*');
    at = std::max(end, at + 1);
  }
  return out;
}

}  // namespace titip::admin
