#include "gateway/top_words.h"

#include <algorithm>
#include <array>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

constexpr std::array<words::Text, top_word_count> said{
    words::text("q: quit"),         words::text("the gateway does not answer; trying again"),
    words::text("destination"),     words::text("circuit"),
    words::text("waiting"),         words::text("in/s"),
    words::text("sent/s"),          words::text("rejected/s"),
    words::text("time left"),       words::text("none"),
    words::text("nothing is sent"), words::text("counting"),
    words::text("gated since"),     words::text("drain"),
    words::text("need attention"),  words::text("outage since"),
};

struct State {
  std::string_view name;
  words::Text said;
};
constexpr std::array states{
    State{"queued", words::text("queued")},       State{"blocked", words::text("blocked")},
    State{"in_flight", words::text("in flight")}, State{"deferred", words::text("deferred")},
    State{"unknown", words::text("unknown")},     State{"held", words::text("held")},
    State{"delivered", words::text("delivered")}, State{"rejected", words::text("rejected")},
    State{"cancelled", words::text("cancelled")}, State{"expired", words::text("expired")},
    State{"closed", words::text("closed")},       State{"half_open", words::text("half open")},
    State{"open", words::text("open")},
};

}  // namespace

std::string_view say_in(Language language, TopWord word) {
  return said[static_cast<std::size_t>(word)].in(language);
}

std::string_view state_in(Language language, std::string_view state) {
  const auto* found = std::ranges::find(states, state, &State::name);
  return found == states.end() ? state : found->said.in(language);
}

}  // namespace titip::gateway
