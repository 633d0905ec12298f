#include "metrics/words/language.h"

namespace titip::words {

Wanted language_named(std::string_view text) {
  if (text == "id") return Language::id;
  if (text == "en") return Language::en;
  return std::nullopt;
}

std::string_view name(Language language) {
  return language == Language::id ? "id" : "en";
}

Language language_of(const char* locale) {
  const std::string_view text = locale == nullptr ? "" : locale;
  return text == "id" || text.starts_with("id_") || text.starts_with("id.") ? Language::id : Language::en;
}

}  // namespace titip::words
