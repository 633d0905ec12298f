#include "tests/simulation/records.h"

#include <algorithm>

namespace titip::simulation {
namespace {

using std::chrono::milliseconds;
using storage::HoldReason;
using storage::State;

constexpr std::uint32_t most_steps_of_a_commit = 3;

Standing standing_of(const storage::Submission& s) {
  return {s.state, s.state == State::held ? s.hold_reason : HoldReason::none, s.held_from};
}

bool same(const Standing& a, const Standing& b) {
  return a.state == b.state && a.reason == b.reason;
}

bool waits_for_a_requirement(const Known& known) {
  return known.standing.state == State::blocked ||
         (known.standing.state == State::held && known.standing.reason == HoldReason::requirement);
}

// Nobody knows what an update or a correction that a restore brought back has overwritten since the backup: it is
// repeated where a look at the fields cannot tell.
bool may_be_repeated_after_restore(const Known& known) {
  return known.from_backup && (!known.form->is_create || known.correction);
}

std::string name_of(const Standing& s) {
  return s.state == State::held ? fmt::format("held ({})", storage::name(s.reason))
                                : std::string(storage::name(s.state));
}

}  // namespace

Form& Records::add(Form form) {
  form.number = forms_.size();
  forms_.push_back(std::make_unique<Form>(std::move(form)));
  auto& made = *forms_.back();
  by_token_.emplace(made.token, &made);
  return made;
}

Known* Records::find(const storage::SubmissionId& id) const {
  const auto found = known_.find(id);
  return found == known_.end() ? nullptr : found->second.get();
}

Form* Records::with_token(const std::string& token) {
  const auto found = by_token_.find(token);
  return found == by_token_.end() ? nullptr : found->second;
}

void Records::put(Known& known, const storage::Submission& now) {
  by_state_[static_cast<std::size_t>(known.standing.state)].erase(known.sequence);
  if (!same(known.standing, standing_of(now)) || known.version == 0) known.changed_at = findings_.now();
  known.standing = standing_of(now);
  known.version = now.version;
  known.attempts = now.attempts;
  known.erased = now.content_erased;
  known.word.reset();
  known.correction = now.correction;
  by_state_[static_cast<std::size_t>(known.standing.state)].emplace(known.sequence, &known);
}

void Records::begin(Known& known, const storage::Submission& after) {
  const auto expected = expected_.find(known.id);
  if (expected == expected_.end()) return findings_.violated("P3", "a record nobody sent: " + known.id.text());
  known.form = expected->second;
  expected_.erase(expected);
  known.sequence = ++sequence_;
  if (after.position <= last_position_)
    findings_.violated("order", fmt::format("{} was accepted in the {}th place, after the {}th", known.form->token,
                                            after.position, last_position_));
  last_position_ = after.position;
  auto& form = *known.form;
  findings_.trace("{} {} accepted as {} ({})", form.token, form.nik, known.id.text(), name_of(standing_of(after)));
  if (form.misuse && !form.original->excused)
    findings_.violated("P7", "another body was accepted under a used Idempotency-Key: " + form.token);
  for (const auto* other : form.records) {
    // Ended without an effect, the natural key is free; an idempotency key never is.
    const bool free = storage::is_terminal(other->standing.state) && other->standing.state != State::delivered &&
                      form.effects == 0 && form.key.empty();
    if (!free && !form.excused)
      findings_.violated("P4", fmt::format("{} ({}) became two submissions: {} and {}", form.token, form.nik,
                                           other->id.text(), known.id.text()));
  }
  form.records.push_back(&known);
  by_person_[form.nik].push_back(&known);
  const auto* replaced = after.replaces ? find(*after.replaces) : nullptr;
  const auto entry = entry_of(standing_of(after), after.outcome_rule,
                              replaced ? std::optional(replaced->standing.state) : std::nullopt);
  if (entry)
    moves_.insert(*entry);
  else
    findings_.violated("P8", fmt::format("{} began as {}", form.token, name_of(standing_of(after))));
  put(known, after);
}

void Records::committed(const storage::SubmissionId& id, const storage::Submission& after) {
  auto& slot = known_[id];
  if (!slot) {
    slot = std::make_unique<Known>();
    slot->id = id;
    return begin(*slot, after);
  }
  auto& known = *slot;
  if (known.form == nullptr) return;
  const Standing before = known.standing;
  const Standing now = standing_of(after);
  const auto steps = after.version - known.version;
  const auto move = move_between(before, now, after.outcome_rule);
  attempts_.changed(known, {before, now, steps, after, known.word == storage::Event::not_found});
  ages_.changed(known, now, known.word == storage::Event::expire);
  if (!same(before, now)) {
    findings_.trace("{} {} {} -> {} (rule '{}', attempts {})", known.form->token, known.form->nik, name_of(before),
                    name_of(now), after.outcome_rule, after.attempts);
    if (steps == 1 ? !move : !leads_to(before, now, std::min(steps, most_steps_of_a_commit)))
      findings_.violated("P8", fmt::format("{} went from {} to {}, which the table does not have", known.form->token,
                                           name_of(before), name_of(now)));
  }
  const bool is_probe = before.state == State::unknown && now.state == State::unknown;
  if (steps == 1 && move && (!same(before, now) || is_probe)) moves_.insert(*move);
  if (now.state == State::unknown && before.state == State::in_flight) ++times_unknown_;
  // An erasure that waited for its end may come with it, in the same commit.
  const bool was_in_doubt = before.state == State::unknown || before.state == State::in_flight ||
                            before.reason == HoldReason::unknown || before.reason == HoldReason::conflict;
  if (now.state == State::cancelled && was_in_doubt) known.in_doubt = true;
  if (before.state == State::unknown && move && all_moves()[*move].event == storage::Event::repeat_allowed)
    known.repeated = known.in_doubt = true;
  if (now.state != State::unknown && now.state != State::held) known.unasked = false;
  put(known, after);
}

void Records::begin_restore() {
  seen_in_restore_.clear();
  last_position_ = 0;
}

void Records::restored(const storage::SubmissionId& id, const storage::Submission& now) {
  seen_in_restore_.insert(id);
  last_position_ = std::max(last_position_, now.position);
  auto* known = find(id);
  if (known == nullptr || known->form == nullptr)
    return findings_.violated("P2", "the restored store holds a record nobody sent: " + id.text());
  if (!storage::is_terminal(now.state)) {
    known->from_backup = known->unasked = true;
    known->age = {};
    attempts_.restored(*known);
  }
  put(*known, now);
}

void Records::end_restore() {
  last_applied_.clear();  // what was applied since the backup nobody remembers, and it orders nothing
  for (auto& [id, known] : known_) {
    if (known->form == nullptr || known->lost || seen_in_restore_.contains(id)) continue;
    known->lost = true;
    known->form->excused = true;
    ++lost_;
    by_state_[static_cast<std::size_t>(known->standing.state)].erase(known->sequence);
  }
}

std::uint64_t Records::pending() const {
  std::uint64_t sum = 0;
  for (const auto state : storage::all_states)
    if (!storage::is_terminal(state)) sum += in(state).size();
  return sum;
}

// Only who waits for a requirement lets a later record of the person pass, and only one that others may need; what
// stands behind him waits in any case.
void Records::sending(Known& sent) {
  attempts_.sending(sent);
  if (sent.standing.state != State::in_flight)
    findings_.violated("open mark", fmt::format("{} is sent while it is {}", sent.form->token, name_of(sent.standing)));
  bool head_waits = false;
  for (auto* earlier : by_person_[sent.form->nik]) {
    const auto state = earlier->standing.state;
    if (earlier->sequence >= sent.sequence || earlier->lost || storage::is_terminal(state)) continue;
    head_waits = head_waits || waits_for_a_requirement(*earlier);
    // A restore makes all unknown, those too that stood behind a blocked one and were never sent.
    const bool on_its_way = state == State::in_flight || (state == State::unknown && !earlier->unasked);
    const bool is_needed = !sent.form->provides.empty() || !sent.form->references.empty();
    if (head_waits && !on_its_way && is_needed) {
      earlier->passed = true;
      continue;
    }
    findings_.violated("order",
                       fmt::format("{} is sent while {}, accepted before it for the same person ({}), is {}",
                                   sent.form->token, earlier->form->token, sent.form->nik, name_of(earlier->standing)));
  }
}

void Records::applied(Form& form) {
  ++form.effects;
  if (form.records.empty()) return findings_.violated("P3", form.token + " was sent and is not in custody");
  const auto& known = *form.records.back();
  const bool strict = !may_be_repeated_after_restore(known) && !form.records.front()->repeated;
  if (form.effects > 1 && strict)
    findings_.violated(
        "P5", fmt::format("{} ({}) had {} effects at the national server", form.token, form.nik, form.effects));
  auto& last = last_applied_[form.nik];
  if (known.sequence < last && !known.passed && !may_be_repeated_after_restore(known))
    findings_.violated("order", fmt::format("{} was applied after a later record of {}", form.token, form.nik));
  last = std::max(last, known.sequence);
}

void Records::answered(Known& known, Told told, bool while_failing) {
  attempts_.answered(known, told, while_failing);
  ages_.answered(known);
}

void Records::gateway_died() {
  for (const auto& [id, known] : known_) attempts_.gateway_died(*known);
}

// Some time after the last fault: whoever is not held waits for somebody who is, or was moved a moment ago.
void Records::judge_rest(const std::function<bool(const Form&)>& shut_out, milliseconds patience) {
  for (const auto state : {State::queued, State::deferred, State::in_flight, State::unknown, State::blocked}) {
    for (const auto& [sequence, known] : in(state)) {
      if (shut_out(*known->form) || findings_.now() - known->changed_at < patience) continue;
      const bool behind = std::ranges::any_of(by_person_[known->form->nik], [&](const auto* other) {
        const bool waits = other->standing.state == State::held || other->standing.state == State::blocked ||
                           findings_.now() - other->changed_at < patience;
        return other != known && !other->lost && !storage::is_terminal(other->standing.state) && waits;
      });
      if (!behind)
        findings_.violated(
            "liveness", fmt::format("{} ({}) has been {} since {} and waits for nobody", known->form->token,
                                    known->form->nik, name_of(known->standing), findings_.text_of(known->changed_at)));
    }
  }
}

void Records::judge_end_of(const Known& known) {
  const auto& form = *known.form;
  const auto state = known.standing.state;
  if (!storage::is_terminal(state))
    return findings_.violated(
        "P6", fmt::format("{} ({}) is still {} after the last fault", form.token, form.nik, name_of(known.standing)));
  if (state == State::delivered && form.effects == 0)
    findings_.violated(
        "P6", fmt::format("{} ({}) counts as delivered and the national server never saw it", form.token, form.nik));
  if (state == State::delivered || known.in_doubt || may_be_repeated_after_restore(known)) return;
  const bool other_delivered =
      std::ranges::any_of(form.records, [](const auto* r) { return r->standing.state == State::delivered; });
  if (form.effects > 0 && !other_delivered)
    findings_.violated("P6", fmt::format("{} ({}) ended as {} and the national server has it", form.token, form.nik,
                                         name_of(known.standing)));
}

void Records::judge_the_end() {
  for (const auto& form : forms_) {
    if (form->acknowledged && !form->excused && form->records.empty())
      findings_.violated("P2", form->token + " was acknowledged and is not in custody");
    for (const auto* known : form->records)
      if (!known->lost) judge_end_of(*known);
  }
}

}  // namespace titip::simulation
