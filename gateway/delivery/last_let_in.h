// The credentials that a health read carries, where every request brings its own: those of a facility that the server
// has let in not long ago. Without any it may refuse everybody who asks whether it is there. One that is refused is
// not tried again, because accounts lock. Pure; time is an argument; one destination's loop. Secrets: kept sealed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::delivery {

struct LetIn {
  std::string facility;
  scheme::Credentials credentials;
  bool operator==(const LetIn&) const = default;
};

// The facility's code, a line end, the credentials (scheme::encode).
std::string encode(const LetIn& let_in);
std::optional<LetIn> decode_let_in(std::string_view bytes);

class LastLetIn {
 public:
  // Whoever was let in within so long is as good as the last one: facilities take turns, and each change is written.
  static constexpr auto good_for = std::chrono::hours(1);

  // True: it takes the place of another, so it should be written down.
  bool let_in(const LetIn& who, clock::SteadyTime now);
  // What was written down, in an earlier life; nothing newer is overwritten.
  void recalled(LetIn who);
  // True: it was these, and they are forgotten, so what is written down should be erased.
  bool refused(const LetIn& who);
  const std::optional<LetIn>& known() const { return known_; }

 private:
  std::optional<LetIn> known_;
  std::optional<clock::SteadyTime> at_;  // when they were last let in, in this life
};

}  // namespace titip::delivery
