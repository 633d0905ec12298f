// What `titip top` says, in both languages. Pure. Private to the root.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace titip::gateway {

enum class Language : std::uint8_t { id, en };
// "id" or "en"; nothing: neither.
std::optional<Language> language_named(std::string_view text);
// By what the environment says ("id_ID.UTF-8"); English where it says something else.
Language language_of(const char* locale);

enum class TopWord : std::uint8_t {
  quit,
  lost,
  destination,
  circuit,
  waiting,
  accepted_rate,
  sent_rate,
  rejected_rate,
  left,
  none_waits,
  nothing_is_sent,
  unknown_yet,
  gate,
  drain,
  attention,
  outage_since,
};
inline constexpr int top_word_count = static_cast<int>(TopWord::outage_since) + 1;
std::string_view say_in(Language language, TopWord word);
// The name of a state of a record or of a circuit, as people read it; of one that is not known, itself.
std::string_view state_in(Language language, std::string_view state);

}  // namespace titip::gateway
