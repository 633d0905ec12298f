// Titip's side of the golden vectors (node/golden.js says what a line is): reads each vector that Node made, says what
// differs, and makes the same one itself, line by line from stdin to stdout.
#include <array>
#include <iostream>
#include <string>
#include <string_view>

#include "upstream/scheme/base64.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::scheme {
namespace {

constexpr std::size_t fields = 7;

std::optional<std::array<std::string_view, fields>> split(std::string_view line) {
  std::array<std::string_view, fields> found;
  for (std::size_t at = 0; at < fields; ++at) {
    const auto tab = line.find('\t');
    if ((tab == std::string_view::npos) != (at + 1 == fields)) return std::nullopt;
    found[at] = line.substr(0, tab);
    line.remove_prefix(at + 1 == fields ? line.size() : tab + 1);
  }
  return found;
}

// The line with what Titip makes of it, and the verdict on what Node made.
std::string answer(std::string_view line) {
  const auto parts = split(line);
  if (!parts) return std::string(line) + "\tnot a vector";
  const auto& [spelling, id, timestamp, secret, plain, signature, sealed] = *parts;
  const auto prefix = "/" + std::string(spelling);
  const profile::Envelope shape{"/response", prefix + "/code", prefix + "/message"};
  const Consumer consumer{from_base64(id).value_or(""), from_base64(secret).value_or("")};
  const auto plain_text = from_base64(plain).value_or("");
  const auto sealed_text = from_base64(sealed).value_or("");

  std::string verdict = "ok";
  if (!bpjs_signature_is(consumer, timestamp, signature)) verdict = "another signature";
  if (plain_text.empty() || open_reply(shape, consumer, timestamp, sealed_text) != plain_text)
    verdict = "it opens as something else";
  std::string made;
  for (const auto field : {spelling, id, timestamp, secret, plain}) made.append(field).append("\t");
  made.append(bpjs_signature(consumer, timestamp)).append("\t");
  made.append(to_base64(seal_reply(shape, consumer, timestamp, plain_text))).append("\t");
  return made + verdict;
}

}  // namespace
}  // namespace titip::scheme

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) std::cout << titip::scheme::answer(line) << '\n';
  return std::cout.flush() ? 0 : 1;
}
