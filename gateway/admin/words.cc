#include "gateway/admin/words.h"

#include <fmt/format.h>

#include <algorithm>
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
  if (number == 1 && text.ends_with("ies")) return text.replace(text.size() - 3, 3, "y");
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

std::string left_out_text(const storage::LeftOut& left_out) {
  constexpr std::size_t most_in_a_sentence = 5;
  std::string text;
  if (left_out.count > 0) {
    text = fmt::format(" {} damaged and left out:",
                       left_out.count == 1 ? std::string("1 record is") : grouped(left_out.count) + " records are");
    for (std::size_t i = 0; i < std::min(left_out.ids.size(), most_in_a_sentence); ++i)
      text += fmt::format("{} {}", i == 0 ? "" : ",", left_out.ids[i].text());
    text += left_out.count > most_in_a_sentence ? ", …" : "";
    text += ".";
  }
  if (left_out.perhaps_more)
    text += " A part of the index of people cannot be read, and there may be records that it alone would name.";
  if (!text.empty()) text += " Run `titip verify`.";
  return text;
}

}  // namespace titip::admin
