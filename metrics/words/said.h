// What is said to people, in every language at once. The source holds the English template, and that is the key under
// which the catalogue (id.json) holds the Indonesian one. A key that the catalogue lacks is said in English; the
// structure tests (`said`) let no such key into the tree. Always written with the room's name, words::said("…") and
// words::text("…"), so that these tests find every key. Not for hot paths: each sentence is written once a language.
// Threads: any.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "metrics/words/language.h"

namespace titip::words {

// A sentence without arguments that costs nothing until it is said: for tables and constants.
struct Text {
  std::string_view english;
  // Lives as long as the process.
  std::string_view in(Language language) const;
};
consteval Text text(std::string_view english) {
  return {english};
}

class Said {
 public:
  Said() = default;
  Said(Text text) : english_(text.english), indonesian_(text.in(Language::id)) {}
  // What is no sentence, or one that was put together for each language.
  Said(std::string english, std::string indonesian)
      : english_(std::move(english)), indonesian_(std::move(indonesian)) {}

  const std::string& in(Language language) const { return language == Language::id ? indonesian_ : english_; }
  const std::string& english() const { return english_; }
  bool empty() const { return english_.empty(); }
  bool operator==(const Said&) const = default;

  Said& operator+=(const Said& more);
  Said& operator+=(std::string_view same);  // in every language: a name, a full stop

 private:
  std::string english_;
  std::string indonesian_;
};

// The Indonesian template of an English one, or the English one itself.
std::string_view indonesian_of(std::string_view english);

// As a template sees an argument: what was said stands there in the template's language.
template <class T>
struct Shown {
  using Type = T;
  static const T& in(const T& value, Language) { return value; }
};
template <>
struct Shown<Said> {
  using Type = std::string;
  static const std::string& in(const Said& value, Language language) { return value.in(language); }
};

template <class... Arguments>
Said said(fmt::format_string<const typename Shown<Arguments>::Type&...> english, const Arguments&... arguments) {
  const auto plain = fmt::string_view(english);
  const auto other = indonesian_of({plain.data(), plain.size()});
  return {fmt::vformat(plain, fmt::make_format_args(Shown<Arguments>::in(arguments, Language::en)...)),
          fmt::vformat({other.data(), other.size()},
                       fmt::make_format_args(Shown<Arguments>::in(arguments, Language::id)...))};
}

// 1203 -> "1,203", in Indonesian "1.203".
Said grouped(std::uint64_t number);

}  // namespace titip::words
