// Weather: what goes wrong, and when. A script is a JSON array of spells on a timeline whose zero is the start, the
// first request, or the moment the script was posted:
//   [{"from_s": 5, "to_s": 9, "kind": "refuse"},
//    {"from_s": 12, "to_s": 20, "kind": "lose_reply", "probability": 0.1, "writes_only": true}]
// kinds and their own keys:
//   refuse                   connection refused; open connections are reset and what waits its turn is dropped (late
//   applies
//                            stay due). The dice fall once for the whole spell
//   reset                    the request is read, not applied; the connection is reset
//   hang                     the request is read, not applied; no answer for as long as the client waits
//   html_503                 an HTML error page, not applied
//   slow {ms}                processed that much later, even if the client has hung up by then
//   lose_reply               applied, then closed without an answer
//   apply_then {status}      applied, then answered with an HTML page: 500, 502, 504, or "maintenance" with HTTP 200;
//                            or with HTTP 200 and nothing: "empty"
//   late_apply {after_ms}    no answer; writes are applied after_ms after the client has given up (hung up)
//   expired_login            the facility's log-in expires, once a spell; it must log in again
// Where spells overlap the first in the script that applies wins. Which requests a probability hits depends on the seed
// and on their order alone. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tests/sampler/random.h"

namespace titip::pcare_sim {

enum class Kind : std::uint8_t {
  refuse,
  reset,
  hang,
  html_503,
  slow,
  lose_reply,
  apply_then,
  late_apply,
  expired_login,
};
inline constexpr std::size_t kind_count = 9;
std::string_view kind_name(Kind kind);

inline constexpr int empty_body = 204;

struct Spell {
  std::chrono::milliseconds from{0};
  std::chrono::milliseconds to{0};
  Kind kind = Kind::refuse;
  std::chrono::milliseconds delay{0};  // slow, late_apply
  int status = 0;                      // apply_then; 200 is the maintenance page, 204 an empty body with HTTP 200
  double probability = 1;
  bool writes_only = false;
};

struct ScriptError {
  std::string pointer;  // JSON pointer into the script
  std::string sentence;
};

std::expected<std::vector<Spell>, ScriptError> parse_weather(std::string_view json_text);

struct Caller {
  bool write = false;
  std::string_view facility;  // empty for a log-in, which no expired log-in can hit
};

class Weather {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Weather(std::vector<Spell> script, std::uint64_t seed)
      : script_(std::move(script)), states_(script_.size()), random_(seed) {}

  // From here on the timeline runs.
  void begin(Time zero) { zero_ = zero; }
  bool begun() const { return zero_.has_value(); }

  // What hits this request. Never refuse.
  std::optional<Spell> hits(Time now, const Caller& caller);

  // Spells of `refuse` are asked for by the clock, not by a request.
  bool refusing(Time now);
  std::optional<Time> next_refusal_change(Time now) const;

 private:
  struct State {
    std::optional<bool> refusal_falls;               // refuse: the dice of the spell
    std::unordered_set<std::string> met_facilities;  // expired_login
  };
  bool active(const Spell& spell, Time now) const { return now >= *zero_ + spell.from && now < *zero_ + spell.to; }

  std::vector<Spell> script_;
  std::vector<State> states_;
  titip::sampler::Random random_;
  std::optional<Time> zero_;
};

}  // namespace titip::pcare_sim
