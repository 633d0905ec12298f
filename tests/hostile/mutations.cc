#include "tests/hostile/mutations.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace titip::hostile {
namespace {

constexpr std::array words{std::string_view("\r\n"),
                           std::string_view("\n"),
                           std::string_view("\r"),
                           std::string_view("\0", 1),
                           std::string_view(": "),
                           std::string_view(","),
                           std::string_view("%00"),
                           std::string_view("%"),
                           std::string_view("/.."),
                           std::string_view("\r\n "),
                           std::string_view("\r\n\r\n"),
                           std::string_view("Content-Length: 3\r\n"),
                           std::string_view("Content-Length: 999999999999999999999\r\n"),
                           std::string_view("Transfer-Encoding: chunked\r\n"),
                           std::string_view("Host: b\r\n"),
                           std::string_view("Connection: close\r\n"),
                           std::string_view("Connection: keep-alive\r\n"),
                           std::string_view("Expect: 100-continue\r\n"),
                           std::string_view("HTTP/1.0"),
                           std::string_view("0\r\n\r\n"),
                           std::string_view("x-kdppk: P0001\r\n"),
                           std::string_view("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
                           std::string_view("[[[[[[[["),
                           std::string_view("\\ud800"),
                           std::string_view("1e999"),
                           std::string_view("\xff\xfe")};

// Where the line begins that `at` is in, and where the next one does.
std::pair<std::size_t, std::size_t> line_at(const std::string& text, std::size_t at) {
  const auto before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  const auto end = text.find('\n', at);
  return {begin, end == std::string::npos ? text.size() : end + 1};
}

}  // namespace

std::string Mutations::next() {
  const auto any = [this] { return random_.below(static_cast<std::uint32_t>(sound_.size())); };
  std::string text = sound_[any()];
  if (random_.chance(0.1)) {  // the beginning of one and the end of another
    const auto& other = sound_[any()];
    text = text.substr(0, place(text)) + other.substr(place(other));
  }
  for (auto times = random_.between(1, 4); times > 0; --times) spoil(text);
  if (random_.chance(0.2)) text += sound_[any()];
  return text;
}

void Mutations::spoil(std::string& text) {
  const auto at = place(text);
  switch (random_.below(9)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random_.below(8)));
      break;
    case 1:
      text.insert(at, 1, static_cast<char>(random_.below(256)));
      break;
    case 2:
      text.erase(at, random_.between(1, 4));
      break;
    case 3:
      text.insert(at, words[random_.below(words.size())]);
      break;
    case 4: {  // a line twice
      const auto [begin, end] = line_at(text, at);
      text.insert(begin, text.substr(begin, end - begin));
      break;
    }
    case 5: {  // a line less
      const auto [begin, end] = line_at(text, at);
      text.erase(begin, end - begin);
      break;
    }
    case 6: {  // a word before a line
      const auto begin = line_at(text, at).first;
      text.insert(begin, words[random_.below(words.size())]);
      break;
    }
    case 7:  // cut short
      if (random_.chance(0.3)) text.resize(at);
      break;
    default: {  // a piece many times
      const auto piece = text.substr(at, random_.between(1, 8));
      for (auto times = random_.below(random_.chance(0.05) ? 4000 : 20); times > 0; --times) text.insert(at, piece);
    }
  }
}

}  // namespace titip::hostile
