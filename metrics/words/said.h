// What is said to people, in every language at once. The source holds the English template, and that is the key under
// which the catalogue (id.json) holds the Indonesian one. A key that the catalogue lacks is said in English; the
// structure tests (`said`) let no such key into the tree. Always written with the room's name, words::said("…") and
// words::text("…") and words::tell("…"), so that these tests find every key. Not for hot paths: each sentence is
// written once a language. Threads: any, but for `speak`.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "metrics/words/language.h"

namespace titip::words {

// The language in which this process speaks to whoever runs it, as gettext's LC_MESSAGES: on its terminal, in its
// config's faults, in what the rooms below say of disk and network. English until something else is said.
Language spoken();
// Once, before there is a second thread.
void speak(Language language);

// A sentence without arguments that costs nothing until it is said: for tables and constants.
struct Text {
  std::string_view english;
  // Both live as long as the process.
  std::string_view in(Language language) const;
  std::string_view own() const { return in(spoken()); }
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
  const std::string& own() const { return in(spoken()); }
  bool empty() const { return english_.empty(); }
  bool operator==(const Said&) const = default;
  friend Said operator+(Said said, const Said& more) { return std::move(said += more); }
  friend Said operator+(Said said, std::string_view same) { return std::move(said += same); }
  friend Said operator+(Said said, const char* same) { return std::move(said += same); }

  Said& operator+=(const Said& more);
  Said& operator+=(std::string_view same);  // in every language: a name, a full stop
  Said& operator+=(const std::string& same) { return *this += std::string_view(same); }
  Said& operator+=(const char* same) { return *this += std::string_view(same); }

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

template <>
struct Shown<Text> {
  using Type = std::string_view;
  static std::string_view in(const Text& value, Language language) { return value.in(language); }
};

template <class... Arguments>
Said said(fmt::format_string<const typename Shown<Arguments>::Type&...> english, const Arguments&... arguments) {
  const auto plain = fmt::string_view(english);
  const auto other = indonesian_of({plain.data(), plain.size()});
  return {fmt::vformat(plain, fmt::make_format_args(Shown<Arguments>::in(arguments, Language::en)...)),
          fmt::vformat({other.data(), other.size()},
                       fmt::make_format_args(Shown<Arguments>::in(arguments, Language::id)...))};
}

// The same for whoever runs this process, and for nobody else.
template <class... Arguments>
std::string tell(fmt::format_string<const typename Shown<Arguments>::Type&...> english, const Arguments&... arguments) {
  const auto plain = fmt::string_view(english);
  const auto own = Text{{plain.data(), plain.size()}}.own();
  return fmt::vformat({own.data(), own.size()}, fmt::make_format_args(Shown<Arguments>::in(arguments, spoken())...));
}

// "a, b, c": names, which are the same in every language.
template <class Names>
std::string joined(const Names& names, std::string_view between) {
  std::string text;
  bool first = true;
  for (const auto& name : names) {
    if (!std::exchange(first, false)) text += between;
    text += name;
  }
  return text;
}

// What is the same in every language: what a person, a server or the system wrote, a name, a number.
inline Said verbatim(std::string_view text) {
  return {std::string(text), std::string(text)};
}

// 1203 -> "1,203", in Indonesian "1.203".
Said grouped(std::uint64_t number);
// 1 -> "1 record", "1 facility"; 1203 -> "1,203 records", in Indonesian "1.203 laporan". The things are said in the
// plural.
Said counted(std::uint64_t number, Text things);

}  // namespace titip::words
