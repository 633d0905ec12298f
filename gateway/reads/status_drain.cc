// A drain, in words and numbers.

#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "gateway/reads/status.h"

namespace titip::reads {
namespace {

using nlohmann::ordered_json;

words::Said counts_text(const DrainFacts& drain) {
  auto text = words::said("{} of {} settled", drain.settled, drain.of);
  if (drain.rejected > 0) text += words::said(", {} rejected", drain.rejected);
  if (drain.unknown > 0) text += words::said(", {} unknown", drain.unknown);
  return text;
}

}  // namespace

words::Said duration_text(std::chrono::seconds span) {
  using std::chrono::ceil;
  if (span <= std::chrono::minutes(2)) return words::said("{} s", span.count());
  if (span <= std::chrono::hours(2)) return words::said("{} min", ceil<std::chrono::minutes>(span).count());
  if (span <= std::chrono::days(2)) return words::said("{} h", ceil<std::chrono::hours>(span).count());
  return words::said("{} days", ceil<std::chrono::days>(span).count());
}

words::Said drain_sentence(const DrainFacts& drain) {
  const auto counts = counts_text(drain);
  if (drain.is_done) return words::said("is done: {}.", counts);
  if (drain.stands_still) {
    auto text = drain.state == "aborted" ? words::said("has stopped by itself") : words::said("is paused");
    if (drain.goes_on_at) text += words::said(" until {}", clock::rfc3339(*drain.goes_on_at));
    return text += words::said(" ({}): {}.", drain.reason, counts);
  }
  if (drain.state == "canary") return words::said("waits for its canary of {}: {}.", drain.canary, counts);
  auto text = words::said("runs");
  if (drain.per_second > 0) text += words::said(" at {} a second", drain.per_second);
  text += words::said(": {}", counts);
  if (drain.eta) text += words::said(", about {} left", duration_text(*drain.eta));
  return text += ".";
}

ordered_json drain_json(const DrainFacts& drain) {
  const auto sentence = drain_sentence(drain);
  ordered_json document{{"state", drain.state},
                        {"sentence", sentence.english()},
                        {"sentence_id", sentence.in(words::Language::id)},
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
                        {"reason_id", nullptr},
                        {"goes_on_at", nullptr},
                        {"eta_s", nullptr}};
  if (drain.per_second > 0) document["per_second"] = drain.per_second;
  if (drain.stands_still) {
    document["reason"] = drain.reason.english();
    document["reason_id"] = drain.reason.in(words::Language::id);
  }
  if (drain.goes_on_at) document["goes_on_at"] = clock::rfc3339(*drain.goes_on_at);
  if (drain.eta) document["eta_s"] = drain.eta->count();
  return document;
}

}  // namespace titip::reads
