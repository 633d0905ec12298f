// What `titip top` says, in both languages. Pure. Private to the root.
#pragma once

#include <cstdint>
#include <string_view>

#include "metrics/words/language.h"

namespace titip::gateway {

using words::Language;

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
