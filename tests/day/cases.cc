#include "tests/day/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace titip::day {
namespace {

using Body = std::tuple<std::string_view, std::string_view, std::string_view>;  // route, entity, hash

const Custody never_looked_up{};

}  // namespace

const Try* Call::acknowledgement() const {
  const auto found = std::ranges::find_if(tries, [](const Try& t) { return !t.submission_id.empty(); });
  return found == tries.end() ? nullptr : &*found;
}

std::vector<Case> make_cases(const Evidence& evidence) {
  std::vector<Case> cases;
  cases.reserve(evidence.calls.size());
  for (const Call& call : evidence.calls) {
    Case one{&call, call.acknowledgement(), nullptr, {}};
    if (one.acknowledgement != nullptr) {
      const auto found = evidence.custody.find(one.acknowledgement->submission_id);
      one.custody = found != evidence.custody.end() ? &found->second : &never_looked_up;
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

std::vector<const Effect*> in_order(const Evidence& evidence) {
  std::vector<const Effect*> ordered;
  ordered.reserve(evidence.effects.size());
  for (const Effect& e : evidence.effects) ordered.push_back(&e);
  std::ranges::sort(ordered, {}, &Effect::order);
  return ordered;
}

std::vector<const Effect*> assign_effects(const Evidence& evidence, std::vector<Case>& cases) {
  std::unordered_map<std::string_view, Case*> by_id;
  std::map<Body, Case*> by_body;
  for (Case& one : cases) {
    if (one.acknowledgement != nullptr) by_id.emplace(one.acknowledgement->submission_id, &one);
    by_body.emplace(Body(one.call->route, one.call->entity, one.call->body_sha256), &one);
    if (!evidence.midnight_unix_ms) continue;
    for (const std::string& patched : one.call->patched_sha256) {
      by_body.emplace(Body(one.call->route, one.call->entity, patched), &one);
    }
  }
  std::vector<const Effect*> foreign;
  for (const Effect* e : in_order(evidence)) {
    if (const auto id = by_id.find(e->idempotency_key); id != by_id.end()) {
      id->second->effects.push_back(e);
    } else if (const auto body = by_body.find(Body(e->route, e->entity, e->body_sha256)); body != by_body.end()) {
      body->second->effects.push_back(e);
    } else {
      foreign.push_back(e);
    }
  }
  return foreign;
}

std::vector<std::string> timeline_of(const Case& one) {
  std::vector<std::string> lines;
  for (const Try& t : one.call->tries) {
    lines.push_back(fmt::format("clinic   {:>7} ms +{:<5} {} {}{}", t.started_ms, t.ended_ms - t.started_ms,
                                t.http_status == 0 ? std::string("no answer") : std::to_string(t.http_status), t.words,
                                t.replayed ? " (replayed)" : ""));
  }
  if (one.custody != nullptr) {
    for (const std::string& line : one.custody->timeline) lines.push_back("gateway  " + line);
    lines.push_back("gateway  " + (one.custody->found ? "state " + one.custody->state + " " + one.custody->rule
                                                      : std::string("does not know this submission")));
  }
  for (const Effect* e : one.effects) {
    lines.push_back(fmt::format("national effect #{} {} {} key={}", e->order, e->route, e->when,
                                e->idempotency_key.empty() ? "-" : e->idempotency_key));
  }
  return lines;
}

}  // namespace titip::day
