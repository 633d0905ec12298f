// How long each facility could have been sent for at one destination: the destination's service clock
// (upstream/rules/service_clock.h), less the time the facility was itself stopped (its gate shut, its credentials
// refused). The maximum age of a record counts by this. It lasts over a restart as an object of the store that is
// written now and then: behind the truth by what passed since, never ahead of it. Pure; time is an argument; one owner.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/rules/service_clock.h"

namespace titip::delivery {

// What is written down.
struct ServedNote {
  std::chrono::milliseconds served{0};
  std::map<std::string, std::chrono::milliseconds, std::less<>> stopped;  // how long each facility was, of `served`
  bool operator==(const ServedNote&) const = default;
};

inline constexpr std::string_view served_kind = "served-time";  // named like its destination
std::string encode(const ServedNote& note);
std::expected<ServedNote, std::string> decode_served(std::string_view json);

class ServedTime {
 public:
  // Goes on where the last process left a note. Until then nothing is known.
  void resume(const ServedNote& note, rules::SteadyTime now);
  bool known() const { return known_; }

  // Whether the destination can be sent to: said at every change, and as often as one likes in between.
  void sendable(bool now_sendable, rules::SteadyTime now) { clock_.sendable(now_sendable, now); }
  // Saying the same twice changes nothing.
  void stop(const std::string& facility, rules::SteadyTime now);
  void go_on(std::string_view facility, rules::SteadyTime now);

  std::chrono::milliseconds served(rules::SteadyTime now) const { return clock_.served(now); }
  // What the facility's clock shows; nothing while it is not known.
  std::optional<std::chrono::milliseconds> of(std::string_view facility, rules::SteadyTime now) const;
  ServedNote note(rules::SteadyTime now) const;

 private:
  struct Stop {
    std::chrono::milliseconds lost{0};               // before the stop that lasts
    std::optional<std::chrono::milliseconds> since;  // what the destination's clock showed when that began
    std::chrono::milliseconds all(std::chrono::milliseconds served) const {
      return lost + (since ? served - *since : std::chrono::milliseconds(0));
    }
  };
  rules::ServiceClock clock_;
  std::map<std::string, Stop, std::less<>> stops_;
  bool known_ = false;
};

}  // namespace titip::delivery
