#include "tests/simulation/attempts.h"

#include <algorithm>

#include "tests/simulation/records.h"

namespace titip::simulation {
namespace {

using storage::HoldReason;
using storage::State;

// Where it may be sent from again.
bool is_in_line(const Standing& s) {
  return s.state == State::queued || s.state == State::deferred || s.state == State::blocked ||
         (s.state == State::held && s.reason == HoldReason::requirement);
}

bool is_in_doubt(const Standing& s) {
  return s.state == State::unknown || (s.state == State::held && s.reason == HoldReason::unknown);
}

}  // namespace

void Attempts::sending(Known& known) {
  if (known.tries.may_be_there)
    findings_.violated("P5", fmt::format("{} ({}) is sent again and an earlier attempt of it may have landed",
                                         known.form->token, known.form->nik));
  known.tries.may_be_there = known.tries.under_way = known.tries.left = true;
  known.tries.refused = known.tries.while_failing = false;
}

void Attempts::answered(Known& known, Told told, bool while_failing) {
  auto& tries = known.tries;
  tries.under_way = false;
  tries.over_at = findings_.now();
  tries.refused = told == Told::credentials_refused;
  tries.while_failing = while_failing;
  if (told == Told::not_taken || told == Told::credentials_refused) tries.may_be_there = false;
}

void Attempts::gateway_died(Known& known) {
  if (std::exchange(known.tries.under_way, false)) known.tries.over_at = findings_.now();
}

// Nobody knows any more what was sent since the backup.
void Attempts::restored(Known& known) {
  known.tries.may_be_there = true;
  known.tries.not_before = findings_.now();
}

void Attempts::looked(const std::string& nik, bool doses) {
  looks_[{nik, doses}] = findings_.now();
}

bool Attempts::was_looked_for(const Known& known) const {
  const auto found = looks_.find({known.form->nik, known.form->route.starts_with("vaksin/")});
  if (found == looks_.end()) return false;
  const auto& tries = known.tries;
  return found->second >= std::max(tries.not_before, known.changed_at) &&
         (!tries.over_at || found->second >= *tries.over_at + latest_effect);
}

void Attempts::changed(Known& known, const Change& change) {
  judge_basis(known, change);
  if (change.steps == 1) judge_count(known, change);
  if (change.after.state == State::in_flight && change.before.state != State::in_flight) known.tries.left = false;
}

void Attempts::judge_basis(Known& known, const Change& change) {
  if (!is_in_doubt(change.before) || !is_in_line(change.after)) return;
  const bool asked = change.before.state == State::unknown;
  const bool may = asked ? may_repeat_(*known.form) || was_looked_for(known) : change.person_said_so;
  if (!may)
    findings_.violated("P5", fmt::format("{} ({}) may be sent again, though nobody looked whether it landed",
                                         known.form->token, known.form->nik));
  known.tries.may_be_there = false;
}

void Attempts::judge_count(const Known& known, const Change& change) {
  const auto counted = change.record.attempts - known.attempts;
  const auto object = [&](std::string_view why) {
    findings_.violated("attempts", fmt::format("{} ({}) went from {} to {}, {} attempts were counted: {}",
                                               known.form->token, known.form->nik, storage::name(change.before.state),
                                               storage::name(change.after.state), counted, why));
  };
  if (change.before.state != State::in_flight) {
    if (counted != 0) object("none ended");
    return;
  }
  const auto to = change.after.state;
  const bool must = to == State::delivered || to == State::rejected || to == State::unknown || to == State::deferred;
  const bool either = to == State::blocked || to == State::held;  // said by the server, or given back to wait
  if (counted > 1 || (must && counted != 1)) return object("one ended");
  if (!must && !either && counted != 0) return object("it was given back");
  const bool by_a_restart = change.record.outcome_rule == "restart";  // nobody knows whether it left
  if (counted == 0 || by_a_restart) return;
  if (!known.tries.left) return object("it never left");
  if (known.tries.refused) return object("its credentials were refused");
  if (to == State::deferred && known.tries.while_failing) return object("the server was failing everybody");
}

}  // namespace titip::simulation
