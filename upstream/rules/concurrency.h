// How many records may be in flight to one destination. Two rules stand behind one interface, so that they can be
// compared on the same weather (README.md has the figures): Postfix's destination concurrency feedback (window.h) and
// adaptive request concurrency (adaptive_window.h). Pure; one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "upstream/rules/exchange.h"

namespace titip::rules {

class Concurrency {
 public:
  virtual ~Concurrency() = default;
  virtual std::uint32_t size() const = 0;
  // A call that was served. `in_flight` before it ended: there is no growth while the window is not being used.
  virtual void served(std::uint32_t in_flight, std::chrono::milliseconds round_trip, SteadyTime now) = 0;
  // One that was not. `refused`: the server itself said that it was too much (429, 503), rather than failing or
  // hanging.
  virtual void not_served(std::uint32_t in_flight, bool refused, SteadyTime now) = 0;
  virtual void restart() = 0;  // after an outage: starts small again
};

struct ConcurrencyOptions {
  enum class Rule : std::uint8_t { feedback, adaptive };
  Rule rule = Rule::feedback;
  std::uint32_t initial = 2;
  std::uint32_t cap = 32;
};
std::unique_ptr<Concurrency> make_concurrency(const ConcurrencyOptions& options);

}  // namespace titip::rules
