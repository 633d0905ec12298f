#include "metrics/words/said.h"

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_map>

#include "metrics/words/catalogue.h"

namespace titip::words {
namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using Catalogue = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;

// Read when first something is said. It is part of the program, so it is well-formed: the structure tests see to it.
const Catalogue& catalogue() {
  static const Catalogue read = [] {
    std::string document;
    for (const auto line : catalogue_lines) document.append(line);
    Catalogue made;
    for (const auto& [key, value] : nlohmann::json::parse(document).items())
      made.emplace(key, value.get<std::string>());
    return made;
  }();
  return read;
}

// Written before there is a second thread, so it needs no lock.
Language own_language = Language::en;

std::string grouped_by(std::uint64_t number, char separator) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, separator);
  return digits;
}

}  // namespace

std::string_view indonesian_of(std::string_view english) {
  const auto found = catalogue().find(english);
  return found == catalogue().end() ? english : std::string_view(found->second);
}

Language spoken() {
  return own_language;
}

void speak(Language language) {
  own_language = language;
}

std::string_view Text::in(Language language) const {
  return language == Language::id ? indonesian_of(english) : english;
}

Said& Said::operator+=(const Said& more) {
  english_ += more.english_;
  indonesian_ += more.indonesian_;
  return *this;
}

Said& Said::operator+=(std::string_view same) {
  english_ += same;
  indonesian_ += same;
  return *this;
}

Said grouped(std::uint64_t number) {
  return {grouped_by(number, ','), grouped_by(number, '.')};
}

Said counted(std::uint64_t number, Text things) {
  std::string english(things.english);
  if (number == 1 && english.ends_with("ies")) {
    english.replace(english.size() - 3, 3, "y");
  } else if (number == 1 && english.ends_with('s')) {
    english.pop_back();
  }
  auto counted = grouped(number) + " ";
  return counted += Said(std::move(english), std::string(things.in(Language::id)));
}

}  // namespace titip::words
