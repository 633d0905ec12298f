// What a simulated day brings to light: the first promise that was broken, and what happened before it, to be read by
// people. The trace is kept only when somebody will read it: a failing seed is run again for it. One thread.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "gateway/clock/local_date.h"
#include "tests/gateway/fakes.h"

namespace titip::simulation {

struct Violation {
  std::string promise;  // "P5", "order", "liveness", …
  std::string words;
};

class Findings {
 public:
  Findings(const tests::FakeClock& clock, bool tracing) : clock_(clock), tracing_(tracing) {}

  void violated(std::string promise, std::string words) {
    trace("VIOLATED {}: {}", promise, words);
    if (!first_) first_ = Violation{std::move(promise), std::move(words)};
  }
  bool any() const { return first_.has_value(); }
  const std::optional<Violation>& first() const { return first_; }

  template <class... Args>
  void trace(fmt::format_string<Args...> form, Args&&... args) {
    if (!tracing_) return;
    lines_.push_back(text_of(now()) + " " + fmt::format(form, std::forward<Args>(args)...));
    if (lines_.size() > most_lines) lines_.pop_front();
  }
  clock::WallTime now() const { return clock_.wall(); }
  static std::string text_of(clock::WallTime at) {  // as the clocks in Jakarta show it
    auto text = clock::rfc3339(at + std::chrono::hours(7)).substr(0, 23);
    text[10] = ' ';
    return text;
  }
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  static constexpr std::size_t most_lines = 200'000;
  const tests::FakeClock& clock_;
  const bool tracing_;
  std::optional<Violation> first_;
  std::deque<std::string> lines_;
};

}  // namespace titip::simulation
