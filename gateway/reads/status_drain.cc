// A drain, in words and numbers.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "gateway/reads/status.h"

namespace titip::reads {
namespace {

using nlohmann::ordered_json;

std::string counts_text(const DrainFacts& drain) {
  auto text = fmt::format("{} of {} settled", drain.settled, drain.of);
  if (drain.rejected > 0) text += fmt::format(", {} rejected", drain.rejected);
  if (drain.unknown > 0) text += fmt::format(", {} unknown", drain.unknown);
  return text;
}

}  // namespace

std::string duration_text(std::chrono::seconds span) {
  using std::chrono::ceil;
  if (span <= std::chrono::minutes(2)) return fmt::format("{} s", span.count());
  if (span <= std::chrono::hours(2)) return fmt::format("{} min", ceil<std::chrono::minutes>(span).count());
  if (span <= std::chrono::days(2)) return fmt::format("{} h", ceil<std::chrono::hours>(span).count());
  return fmt::format("{} days", ceil<std::chrono::days>(span).count());
}

std::string drain_sentence(const DrainFacts& drain) {
  const auto counts = counts_text(drain);
  if (drain.is_done) return fmt::format("is done: {}.", counts);
  if (drain.stands_still) {
    const auto* stands = drain.state == "aborted" ? "has stopped by itself" : "is paused";
    const auto until = drain.goes_on_at ? fmt::format(" until {}", clock::rfc3339(*drain.goes_on_at)) : std::string();
    return fmt::format("{}{} ({}): {}.", stands, until, drain.reason, counts);
  }
  const auto eta = drain.eta ? fmt::format(", about {} left", duration_text(*drain.eta)) : std::string();
  if (drain.state == "canary") return fmt::format("waits for its canary of {}: {}.", drain.canary, counts);
  const auto pace = drain.per_second > 0 ? fmt::format(" at {} a second", drain.per_second) : std::string();
  return fmt::format("runs{}: {}{}.", pace, counts, eta);
}

ordered_json drain_json(const DrainFacts& drain) {
  ordered_json document{{"state", drain.state},
                        {"sentence", drain_sentence(drain)},
                        {"started_at", clock::rfc3339(drain.started_at)},
                        {"of", drain.of},
                        {"settled", drain.settled},
                        {"delivered", drain.delivered},
                        {"rejected", drain.rejected},
                        {"unknown", drain.unknown},
                        {"waiting", drain.waiting},
                        {"canary", drain.canary},
                        {"per_second", nullptr},
                        {"reason", nullptr},
                        {"goes_on_at", nullptr},
                        {"eta_s", nullptr}};
  if (drain.per_second > 0) document["per_second"] = drain.per_second;
  if (drain.stands_still) document["reason"] = drain.reason;
  if (drain.goes_on_at) document["goes_on_at"] = clock::rfc3339(*drain.goes_on_at);
  if (drain.eta) document["eta_s"] = drain.eta->count();
  return document;
}

}  // namespace titip::reads
