#include "gateway/admin/edit.h"

#include <algorithm>

namespace titip::admin {

Edit parse_edit(std::string_view text) {
  const auto equals = text.find('=');
  if (!text.starts_with('/') || equals == std::string_view::npos) return {};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

words::Said fault_of(const std::vector<Edit>& edits) {
  constexpr std::size_t longest_pointer = 200;
  constexpr std::size_t longest_value = 4'000;
  if (edits.empty()) return words::said("say what is to be changed: --set /place=value");
  if (edits.size() > edits_at_once)
    return words::said("{} edits are too many at once; at most {}", edits.size(), edits_at_once);
  for (std::size_t at = 0; at < edits.size(); ++at) {  // never the value itself
    const auto& [pointer, value] = edits[at];
    const bool is_pointer = pointer.starts_with('/') && pointer.size() > 1 && pointer.size() <= longest_pointer;
    const bool is_plain = std::ranges::none_of(pointer, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (!is_pointer || !is_plain) return words::said("edit {} names no place; write /place=value", at + 1);
    if (value.size() > longest_value) return words::said("the value of edit {} is too long", at + 1);
    for (std::size_t other = 0; other < at; ++other)
      if (edits[other].pointer == pointer) return words::said("edits {} and {} name the same place", other + 1, at + 1);
  }
  return {};
}

}  // namespace titip::admin
