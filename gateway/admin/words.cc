#include "gateway/admin/words.h"

#include <fmt/format.h>

#include <array>

namespace titip::admin {

std::string grouped(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string counted(std::uint64_t number, std::string_view things) {
  auto text = grouped(number) + " " + std::string(things);
  if (number == 1 && text.ends_with('s')) text.pop_back();
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"bytes", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1000 && unit + 1 < units.size(); ++unit) amount /= 1000;
  return unit == 0 ? grouped(bytes) + " bytes" : fmt::format("{:.1f} {}", amount, units[unit]);
}

}  // namespace titip::admin
