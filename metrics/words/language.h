// The languages that people are spoken to in. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace titip::words {

enum class Language : std::uint8_t { en, id };
// What the caller asked for. Nothing: what is said to everybody who does not ask.
using Wanted = std::optional<Language>;

// "id" or "en"; nothing: neither.
Wanted language_named(std::string_view text);
std::string_view name(Language language);
// By what the environment says ("id_ID.UTF-8"); English where it says something else.
Language language_of(const char* locale);

}  // namespace titip::words
