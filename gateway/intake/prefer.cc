#include "gateway/intake/prefer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace titip::intake {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Up to the next `stop` outside quotes; `rest` goes on behind it.
std::string_view take_until(std::string_view& rest, char stop) {
  bool in_quotes = false;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '\\' && in_quotes) {
      ++at;
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == stop && !in_quotes) {
      const auto taken = rest.substr(0, at);
      rest.remove_prefix(at + 1);
      return taken;
    }
  }
  return std::exchange(rest, {});
}

bool is_name(std::string_view text, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(text, name, {}, lower, lower);
}

std::optional<std::chrono::seconds> seconds_of(std::string_view value) {
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  const bool too_many = error == std::errc::result_out_of_range && end == value.data() + value.size();
  if (too_many) return longest_wait;
  if (value.empty() || error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), longest_wait);
}

}  // namespace

Preference parse_prefer(std::string_view header) {
  std::optional<std::chrono::seconds> wait;
  bool saw_wait = false;  // of one named twice the first counts
  bool asynchronous = false;
  while (!header.empty()) {
    auto preference = take_until(header, ',');
    auto value = take_until(preference, ';');  // parameters: none are known for these two
    const auto name = trimmed(take_until(value, '='));
    if (is_name(name, "respond-async")) asynchronous = true;
    if (is_name(name, "wait") && !std::exchange(saw_wait, true)) wait = seconds_of(trimmed(value));
  }
  Preference made;
  if (wait) made = {*wait, fmt::format("wait={}", wait->count())};
  if (asynchronous && !wait) made.wait = std::chrono::milliseconds(0);
  if (asynchronous) made.applied.insert(0, wait ? "respond-async, " : "respond-async");
  return made;
}

}  // namespace titip::intake
