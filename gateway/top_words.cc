#include "gateway/top_words.h"

#include <algorithm>
#include <array>

namespace titip::gateway {
namespace {

struct Both {
  std::string_view id;
  std::string_view en;
};

constexpr std::array<Both, top_word_count> words{{
    {"q: keluar", "q: quit"},
    {"gateway tidak menjawab; mencoba lagi", "the gateway does not answer; trying again"},
    {"tujuan", "destination"},
    {"sirkuit", "circuit"},
    {"menunggu", "waiting"},
    {"masuk/dtk", "in/s"},
    {"terkirim/dtk", "sent/s"},
    {"ditolak/dtk", "rejected/s"},
    {"sisa waktu", "time left"},
    {"tidak ada", "none"},
    {"tidak ada yang terkirim", "nothing is sent"},
    {"menghitung", "counting"},
    {"gerbang tertutup sejak", "gated since"},
    {"pengurasan", "drain"},
    {"perlu diperiksa", "need attention"},
    {"gangguan sejak", "outage since"},
}};

struct State {
  std::string_view name;
  Both said;
};
constexpr std::array states{
    State{"queued", {"antre", "queued"}},
    State{"blocked", {"tertahan", "blocked"}},
    State{"in_flight", {"sedang dikirim", "in flight"}},
    State{"deferred", {"ditunda", "deferred"}},
    State{"unknown", {"belum pasti", "unknown"}},
    State{"held", {"ditahan", "held"}},
    State{"delivered", {"terkirim", "delivered"}},
    State{"rejected", {"ditolak", "rejected"}},
    State{"cancelled", {"dibatalkan", "cancelled"}},
    State{"expired", {"kedaluwarsa", "expired"}},
    State{"closed", {"melayani", "closed"}},
    State{"half_open", {"dicoba", "half open"}},
    State{"open", {"terputus", "open"}},
};

std::string_view in(Language language, const Both& both) {
  return language == Language::id ? both.id : both.en;
}

}  // namespace

std::optional<Language> language_named(std::string_view text) {
  if (text == "id") return Language::id;
  if (text == "en") return Language::en;
  return std::nullopt;
}

Language language_of(const char* locale) {
  const std::string_view text = locale == nullptr ? "" : locale;
  return text == "id" || text.starts_with("id_") || text.starts_with("id.") ? Language::id : Language::en;
}

std::string_view say_in(Language language, TopWord word) {
  return in(language, words[static_cast<std::size_t>(word)]);
}

std::string_view state_in(Language language, std::string_view state) {
  const auto* found = std::ranges::find(states, state, &State::name);
  return found == states.end() ? state : in(language, found->said);
}

}  // namespace titip::gateway
