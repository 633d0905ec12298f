#include "tests/day/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include "tests/day/cases.h"

namespace titip::day {
namespace {

constexpr std::int64_t crossing_midnight_ms = 3000;  // longer than any attempt of a compressed day

class Judge {
 public:
  explicit Judge(const Evidence& evidence) : evidence_(evidence), cases_(make_cases(evidence)) {}

  Verdict run() {
    collect();
    count_states();
    for (const Case& one : cases_) {
      judge_answers(one);
      judge_effects(one);
    }
    judge_order();
    judge_values();
    judge_totals();
    judge_logins();
    judge_speed();
    return std::move(verdict_);
  }

 private:
  void find(Fault fault, const Case& one, std::string what, std::int64_t weight = 1) {
    verdict_.findings.push_back(
        {.fault = fault,
         .person = one.call->person,
         .submission_id = one.acknowledgement != nullptr ? one.acknowledgement->submission_id : "",
         .idempotency_key = one.call->idempotency_key,
         .what = std::move(what),
         .timeline = timeline_of(one),
         .weight = weight});
  }
  void find(Fault fault, std::string what) { verdict_.findings.push_back({fault, 0, "", "", std::move(what), {}, 1}); }

  void collect() {
    verdict_.people = static_cast<std::int64_t>(evidence_.people);
    verdict_.counters = evidence_.counters;
    verdict_.submissions = static_cast<std::int64_t>(evidence_.calls.size());
    for (const Case& one : cases_) {
      if (!one.call->tries.empty()) verdict_.repeated_tries += static_cast<std::int64_t>(one.call->tries.size()) - 1;
      if (one.acknowledgement != nullptr) ++verdict_.acknowledged;
    }
    for (const Effect* e : assign_effects(evidence_, cases_)) {
      find(Fault::foreign, fmt::format("effect #{} on {} at {} matches no submission of any clinic (key {})", e->order,
                                       e->route, e->when, e->idempotency_key));
    }
  }

  void count_states() {
    std::map<std::string_view, const Case*> seen;
    for (const Case& one : cases_) {
      if (one.custody == nullptr) continue;
      const auto [first, fresh] = seen.emplace(one.acknowledgement->submission_id, &one);
      if (!fresh) {
        find(Fault::contradiction, one,
             fmt::format("two different submissions were given one id: also key {}",
                         first->second->call->idempotency_key));
        continue;
      }
      const std::string& state = one.custody->state;
      if (state == "delivered")
        ++verdict_.delivered;
      else if (state == "rejected")
        ++verdict_.rejected;
      else if (state == "cancelled")
        ++verdict_.cancelled;
      else if (state == "blocked")
        ++verdict_.blocked;
      else if (state == "held")
        ++verdict_.held;
      if (one.custody->found && state != "delivered" && state != "rejected" && state != "cancelled" &&
          state != "expired") {
        ++verdict_.pending;
      }
    }
  }

  void judge_answers(const Case& one) {
    const Try* ack = one.acknowledgement;
    if (ack == nullptr) {
      const bool refused =
          std::ranges::any_of(one.call->tries, [](const Try& t) { return t.answer == Answer::refused; });
      find(Fault::unacknowledged, one, refused ? "the clinic was refused" : "the clinic never got an answer");
      return;
    }
    for (const Try& t : one.call->tries) {
      if (!t.submission_id.empty() && t.submission_id != ack->submission_id) {
        find(Fault::contradiction, one,
             "one Idempotency-Key was answered with two submission ids: also " + t.submission_id);
      }
    }
    const Custody& custody = *one.custody;
    if (!custody.found) return;  // judge_effects says what that means
    if (!ack->national_answer && ack->answer != Answer::ok) {
      find(Fault::contradiction, one, "given a receipt in an answer that clients do not take as sent");
    } else if (!ack->receipt.empty() && ack->receipt != custody.receipt) {
      find(Fault::contradiction, one,
           fmt::format("the clinic holds receipt {}, the gateway now says {}", ack->receipt, custody.receipt));
    }
    if (ack->national_answer && ack->answer == Answer::ok && custody.state != "delivered") {
      find(Fault::contradiction, one,
           "the clinic was told that it is delivered, the gateway now says " + custody.state);
    }
    if (ack->national_answer && ack->answer == Answer::refused && custody.state != "rejected") {
      find(Fault::contradiction, one, "the clinic was told that it is rejected, the gateway now says " + custody.state);
    }
  }

  void judge_effects(const Case& one) {
    const auto effects = static_cast<std::int64_t>(one.effects.size());
    if (effects > 1) find(Fault::duplicate, one, fmt::format("{} effects of one submission", effects), effects - 1);
    for (const Effect* e : one.effects) {
      if (!same_body(*e, *one.call) || e->route != one.call->route || e->entity != one.call->entity) {
        find(Fault::stale_value, one, fmt::format("effect #{} is not what the clinic sent, byte for byte", e->order));
      }
    }
    if (one.acknowledgement == nullptr) {
      if (effects > 0) find(Fault::foreign, one, "an effect of a submission that was never acknowledged");
      return;
    }
    const Custody& custody = *one.custody;
    if (!custody.found) {
      find(effects == 0 ? Fault::lost : Fault::contradiction, one,
           "acknowledged, and the gateway does not know it any more");
    } else if (custody.state == "delivered" && effects == 0) {
      find(Fault::lost, one, "delivered by the gateway's word, and the national server has no effect of it");
    } else if (custody.state == "delivered" && one.call->dirty) {
      find(Fault::contradiction, one, "delivered, although the national server rejects such a record");
    } else if ((custody.state == "rejected" || custody.state == "cancelled") && effects > 0) {
      find(Fault::contradiction, one, custody.state + " by the gateway's word, and the national server applied it");
    } else if (custody.state == "rejected" && !one.call->dirty && !ended_with_the_day(one)) {
      find(Fault::contradiction, one, "rejected, although the record is sound: " + custody.words);
    } else if (custody.state == "rejected" && custody.words.empty()) {
      find(Fault::contradiction, one, "rejected without the server's words");
    }
  }

  bool after_midnight(std::int64_t unix_ms) const {
    return evidence_.midnight_unix_ms && unix_ms >= *evidence_.midnight_unix_ms;
  }

  // The reason for a late entry may be patched in, but only once the day is over.
  bool same_body(const Effect& effect, const Call& call) const {
    return effect.body_sha256 == call.body_sha256 ||
           (after_midnight(effect.at_unix_ms) &&
            std::ranges::find(call.patched_sha256, effect.body_sha256) != call.patched_sha256.end());
  }

  // An edit of the day comes too late after midnight. A record sent just before it may arrive just after it, as
  // yesterday's and without a reason; any later one must have been given its reason.
  bool ended_with_the_day(const Case& one) const {
    const Custody& custody = *one.custody;
    if (!after_midnight(custody.settled_unix_ms)) return false;
    return one.call->same_day_edit || (custody.settled_unix_ms < *evidence_.midnight_unix_ms + crossing_midnight_ms &&
                                       custody.words.find("alasan") != std::string::npos);
  }

  // The first effects of a person's submissions must come in the order in which they were acknowledged. (Calls of one
  // person are made one after the other, so that is the order of their steps.) A facility is a lane of its own.
  void judge_order() {
    std::unordered_map<const Effect*, const Case*> first_effects;
    for (const Case& one : cases_) {
      if (!one.effects.empty()) first_effects.emplace(one.effects.front(), &one);
    }
    std::map<std::pair<std::size_t, std::string_view>, const Case*> furthest;
    for (const Effect* e : in_order(evidence_)) {
      const auto found = first_effects.find(e);
      if (found == first_effects.end()) continue;
      const Case& one = *found->second;
      const Case*& last = furthest[{one.call->person, one.call->facility}];
      if (last != nullptr && one.call->step < last->call->step) {
        find(Fault::out_of_order, one,
             fmt::format("step {} took effect after step {} ({})", one.call->step, last->call->step,
                         last->call->idempotency_key));
      } else {
        last = &one;
      }
    }
  }

  // The server must hold what the last delivered submission of each entity said.
  void judge_values() {
    std::map<std::string_view, const Case*> last;
    for (const Case& one : cases_) {
      if (one.custody == nullptr || one.custody->state != "delivered") continue;
      const Case*& holder = last[one.call->entity];
      if (holder == nullptr || holder->call->step < one.call->step) holder = &one;
    }
    for (const auto& [entity, one] : last) {
      const auto held = evidence_.final_values.find(std::string(entity));
      if (held == evidence_.final_values.end()) {
        if (!one->effects.empty())
          find(Fault::stale_value, *one, "the national server holds nothing under this entity");
      } else if (held->second != one->call->values) {
        find(Fault::stale_value, *one,
             fmt::format("the national server holds {}, delivered last was {}", held->second, one->call->values));
      }
    }
  }

  // The gateway's own sums against its own records and against what the clients were told.
  void judge_totals() {
    const Totals& t = evidence_.totals;
    const auto differ = [&](std::string_view field, std::int64_t status, std::int64_t records) {
      if (status != records) {
        find(Fault::contradiction,
             fmt::format("/v1/status says {} {}, the submissions the clinics hold say {}", field, status, records));
      }
    };
    differ("accepted", t.accepted, verdict_.acknowledged);
    differ("delivered", t.delivered, verdict_.delivered);
    differ("rejected", t.rejected, verdict_.rejected);
    differ("cancelled", t.cancelled, verdict_.cancelled);
    if (t.ledger_difference != 0) {
      find(Fault::contradiction, fmt::format("the gateway's own ledger is off by {}", t.ledger_difference));
    }
    verdict_.blocked = std::max(verdict_.blocked, t.blocked);
    verdict_.held = std::max(verdict_.held, t.held);
    verdict_.pending = std::max(verdict_.pending, t.pending);
  }

  void judge_logins() {
    for (const Login& login : evidence_.logins) {
      if (!login.ok) {
        find(Fault::contradiction, fmt::format("log-in of {} {} failed: {}", login.facility, login.when, login.words));
      }
    }
  }

  void judge_speed() {
    for (const Case& one : cases_) {
      for (const Try& t : one.call->tries) {
        const bool down = std::ranges::any_of(evidence_.gateway_down, [&](const auto& window) {
          return t.started_ms <= window.second && t.ended_ms >= window.first;
        });
        if (down) continue;
        const std::int64_t took = t.ended_ms - t.started_ms;
        if (t.answer == Answer::unknown && took < patience_ms) {
          ++verdict_.unanswered_while_up;
          continue;
        }
        verdict_.slowest_answer_ms = std::max(verdict_.slowest_answer_ms, took);
        if (took >= patience_ms)
          find(Fault::slow, one, fmt::format("no answer for {} ms while the gateway was up", took));
      }
    }
  }

  const Evidence& evidence_;
  std::vector<Case> cases_;
  Verdict verdict_;
};

}  // namespace

std::string_view name(Fault fault) {
  static constexpr std::array<std::string_view, fault_count> names{
      "duplicate", "lost", "out of order", "stale value", "foreign", "contradiction", "unacknowledged", "slow"};
  return names[static_cast<std::size_t>(fault)];
}

std::int64_t Verdict::count(Fault fault) const {
  std::int64_t sum = 0;
  for (const Finding& f : findings) sum += f.fault == fault ? f.weight : 0;
  return sum;
}

Verdict check(const Evidence& evidence) {
  return Judge(evidence).run();
}

bool violated(const Verdict& verdict) {
  for (const Fault fault : {Fault::duplicate, Fault::lost, Fault::out_of_order, Fault::stale_value}) {
    if (verdict.count(fault) > 0) return true;
  }
  // Findings about no single submission (sums, log-ins) are not what a control is made to break.
  return std::ranges::any_of(
      verdict.findings, [](const Finding& f) { return f.fault == Fault::contradiction && !f.submission_id.empty(); });
}

}  // namespace titip::day
