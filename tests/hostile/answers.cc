#include "tests/hostile/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace titip::hostile {
namespace {

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return made;
}

std::optional<std::size_t> number_of(std::string_view head, std::string_view field) {
  const auto at = head.find(field);
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t value = 0;
  const auto text = head.substr(at + field.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::string_view(end, 1).starts_with('\r')) return std::nullopt;
  return value;
}

}  // namespace

Stream read_answers(std::string_view bytes, const std::vector<std::size_t>& bodyless) {
  Stream stream;
  while (!bytes.empty()) {
    if (!stream.answers.empty() && stream.answers.back().closes) {
      stream.wrong = "something is said behind the last answer";
      break;
    }
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) break;
    Answer answer;
    answer.head = lower(bytes.substr(0, end + 2));
    const auto status = std::string_view(answer.head).substr(0, 12);
    const auto [stop, error] = std::from_chars(status.data() + std::min<std::size_t>(9, status.size()),
                                               status.data() + status.size(), answer.status);
    if (!status.starts_with("http/1.1 ") || error != std::errc() || stop != status.data() + 12 || answer.status < 100 ||
        answer.status > 599) {
      stream.wrong = fmt::format("no status line: {}", answer.head.substr(0, 60));
      break;
    }
    answer.closes = answer.head.contains("\r\nconnection: close\r\n");
    const bool has_body = answer.status >= 200 && answer.status != 204 && answer.status != 304;
    const auto length = number_of(answer.head, "\r\ncontent-length: ");
    if (has_body && !length) {
      stream.wrong = "an answer without a length";
      break;
    }
    const bool is_bodyless = !has_body || std::ranges::count(bodyless, stream.answers.size()) > 0;
    const std::size_t whole = end + 4 + (is_bodyless ? 0 : *length);
    if (bytes.size() < whole) break;
    answer.body = bytes.substr(end + 4, whole - end - 4);
    bytes.remove_prefix(whole);
    stream.answers.push_back(std::move(answer));
  }
  stream.rest = bytes;
  return stream;
}

}  // namespace titip::hostile
