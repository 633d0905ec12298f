#include "gateway/admin/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "storage/queries.h"

namespace titip::admin {

words::Said bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1000 && unit + 1 < units.size(); ++unit) amount /= 1000;
  if (unit == 0) return words::said("{} bytes", words::grouped(bytes));
  auto english = fmt::format("{:.1f} {}", amount, units[unit]);
  auto indonesian = english;
  std::ranges::replace(indonesian, '.', ',');
  return {std::move(english), std::move(indonesian)};
}

words::Said people_words(std::uint64_t number) {
  return number == 1 ? words::said("1 person") : words::counted(number, words::text("people"));
}

words::Said state_words(std::string_view state) {
  constexpr std::array states{words::text("queued"),    words::text("blocked"),  words::text("in_flight"),
                              words::text("deferred"),  words::text("unknown"),  words::text("held"),
                              words::text("delivered"), words::text("rejected"), words::text("cancelled"),
                              words::text("expired")};
  static_assert(states.size() == storage::all_states.size());
  const auto* found = std::ranges::find(states, state, &words::Text::english);
  return found == states.end() ? words::verbatim(state) : words::Said(*found);
}

words::Said left_out_text(const storage::LeftOut& left_out) {
  constexpr std::size_t most_in_a_sentence = 5;
  words::Said text;
  if (left_out.count > 0) {
    std::string ids;
    for (std::size_t i = 0; i < std::min(left_out.ids.size(), most_in_a_sentence); ++i)
      ids += fmt::format("{}{}", i == 0 ? "" : ", ", left_out.ids[i].text());
    if (left_out.count > most_in_a_sentence) ids += ", …";
    text = left_out.count == 1
               ? words::said(" 1 record is damaged and left out: {}.", ids)
               : words::said(" {} records are damaged and left out: {}.", words::grouped(left_out.count), ids);
  }
  if (left_out.perhaps_more)
    text += words::said(
        " A part of the index of people cannot be read, and there may be records that it alone would name.");
  if (!text.empty()) text += words::said(" Run `titip verify`.");
  return text;
}

}  // namespace titip::admin
