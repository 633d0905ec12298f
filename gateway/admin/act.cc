#include "gateway/admin/act.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "gateway/admin/one_by_one.h"
#include "gateway/admin/records.h"
#include "gateway/admin/words.h"
#include "storage/state_table.h"
#include "storage/veil.h"
#include "storage/waiting_home.h"

namespace titip::admin {
namespace {

using storage::Event;
using storage::Loaded;
using storage::NewSubmission;
using storage::State;
using storage::Submission;
using storage::SubmissionId;
using storage::VerdictKind;

struct Word {
  std::string_view word;
  words::Text sentence;
};
constexpr std::array refusals{
    Word{"not_there", words::text("there is no such record any more")},
    Word{"damaged", words::text("it, or an entry that belongs to it, cannot be read; run `titip verify`")},
    Word{"replaced_before", words::text("it was sent again before, as another record")},
    Word{"conflict", words::text("another record for the same act is in custody or delivered")},
    Word{"content_erased", words::text("its content was erased or cannot be opened, so there is nothing to send")},
    Word{"may_have_landed",
         words::text("an attempt may have landed: look at the national server first, then name it alone, with "
                     "--not-landed")},
    Word{"no_destination", words::text("the config has its destination no more")},
    Word{"no_facility", words::text("neither config nor registry has its facility any more")},
    Word{"requirement", words::text("what it requires is still not to be had")},
    Word{"changed_meanwhile", words::text("it changed at the same moment; try it again")},
};

Event event_of(Command action) {
  if (action == Command::hold) return Event::hold;
  return action == Command::release ? Event::release : Event::cancel;
}

storage::Transition transition_of(Command action, const Submission& record, storage::WallTime now) {
  storage::Transition transition;
  transition.id = record.id;
  transition.expected_state = record.state;
  transition.expected_version = record.version;
  transition.event = event_of(action);
  if (action == Command::hold) transition.hold_reason = storage::HoldReason::person;
  if (action == Command::release) transition.due_at = now;
  return transition;
}

storage::Result<std::vector<Acted>> requeue(const Acting& acting, const std::vector<Submission>& records,
                                            const Doors& doors) {
  std::vector<Acted> acted;
  std::vector<NewSubmission> batch;
  std::vector<std::size_t> of;  // whose repetition each is
  std::vector<SubmissionId> ids;
  for (const auto& record : records) ids.push_back(record.id);
  const auto loaded = load_each(ids, true, doors);
  if (!loaded) return std::unexpected(loaded.error());
  for (std::size_t at = 0; at < records.size(); ++at) {
    const auto& [found, is_damaged] = loaded->at(at);
    acted.push_back({records[at].id, found ? refusal_of(acting, *found, doors) : is_damaged ? "damaged" : "not_there"});
    auto made = acted.back().refused.empty() ? repetition_of(*found, doors.sealer, doors.clock.wall()) : std::nullopt;
    if (acted.back().refused.empty() && !made) acted.back().refused = "content_erased";
    if (!made) continue;
    batch.push_back(std::move(*made));
    of.push_back(at);
  }
  if (batch.empty()) return acted;
  const auto verdicts = each_of<storage::Verdict>(batch, [&](const std::vector<NewSubmission>& some) {
    storage::WaitingHome home;
    return home.ask_patiently<std::vector<storage::Verdict>>(
        [&](auto done) { doors.store.accept(some, home, std::move(done)); });
  });
  if (!verdicts) return std::unexpected(verdicts.error());
  for (std::size_t at = 0; at < of.size(); ++at) {
    auto& one = acted[of[at]];
    const auto& verdict = verdicts->at(at);
    one.refused = verdict ? word_of(*verdict) : "damaged";
    if (one.refused.empty() || one.refused == "conflict") one.other = verdict->submission.id;
    if (one.refused == "replaced_before") one.other = verdict->submission.replaced_by;
  }
  return acted;
}

// Nothing in the place of one that is damaged.
storage::Result<std::vector<std::optional<storage::Changed>>> transition(Command action,
                                                                         const std::vector<Submission>& records,
                                                                         const Doors& doors) {
  std::vector<storage::Transition> batch;
  for (const auto& record : records) batch.push_back(transition_of(action, record, doors.clock.wall()));
  return each_of<storage::Changed>(batch, [&](const std::vector<storage::Transition>& some) {
    storage::WaitingHome home;
    return home.ask_patiently<std::vector<storage::Changed>>(
        [&](auto done) { doors.store.transition(some, home, std::move(done)); });
  });
}

// Delivery may have moved it between the look and the commit: so it is looked at and tried once more.
storage::Result<Acted> once_more(const Acting& acting, const SubmissionId& id, const Doors& doors) {
  const auto again = load_each({id}, false, doors);
  if (!again) return std::unexpected(again.error());
  const auto& [loaded, is_damaged] = again->front();
  Acted acted{id, loaded ? refusal_of(acting, *loaded, doors) : is_damaged ? "damaged" : "not_there"};
  if (!acted.refused.empty()) return acted;
  const auto changed = transition(acting.action, {loaded->submission}, doors);
  if (!changed) return std::unexpected(changed.error());
  const auto& came = changed->front();
  if (!came) acted.refused = "damaged";
  if (!came) return acted;
  acted.cancelled = came->cancelled;
  if (came->applied == storage::Applied::yes) return acted;
  acted.refused = loaded->submission.version == came->version ? "requirement" : "changed_meanwhile";
  return acted;
}

}  // namespace

std::string word_of(const storage::Verdict& verdict) {
  if (verdict.kind == VerdictKind::accepted) return {};
  if (verdict.kind == VerdictKind::not_replaceable)
    return verdict.submission.replaced_by ? "replaced_before" : std::string(storage::name(verdict.submission.state));
  return "conflict";
}

words::Said refusal_words(std::string_view refused) {
  const auto* found = std::ranges::find(refusals, refused, &Word::word);
  if (found != refusals.end()) return found->sentence;
  return words::said("it is {}", state_words(refused));
}

std::string refusal_of(const Acting& acting, const Loaded& loaded, const Doors& doors) {
  const auto& record = loaded.submission;
  if (acting.action != Command::requeue) {
    const auto next = storage::next_state(record.state, event_of(acting.action), record.hold_reason, record.held_from);
    if (!next) return std::string(storage::name(record.state));
    const bool gives_up = acting.action == Command::cancel && !acting.not_landed;
    return gives_up && storage::may_have_landed(record) ? "may_have_landed" : "";
  }
  if (record.state != State::rejected && record.state != State::expired)
    return std::string(storage::name(record.state));
  if (record.replaced_by) return "replaced_before";
  if (record.state == State::expired && storage::may_have_landed(record) && !acting.not_landed)
    return "may_have_landed";
  if (record.content_erased || record.erase_when_settled) return "content_erased";
  // A store with a record that has nowhere to go would not be opened again.
  if (std::ranges::find(doors.destinations, record.destination) == doors.destinations.end()) return "no_destination";
  if (doors.knows_facility && !doors.knows_facility(record.facility)) return "no_facility";
  return {};
}

std::optional<NewSubmission> repetition_of(const Loaded& loaded, const storage::Sealer& sealer, storage::WallTime now) {
  const auto& old = loaded.submission;
  const auto key = sealer.unwrap(old.id, old.wrapped_key);
  const auto plain = key ? sealer.open(*key, old.id, "payload", loaded.payload) : std::nullopt;
  if (!plain) return std::nullopt;
  NewSubmission made;
  auto& record = made.submission;
  record.id = SubmissionId::make(now);
  record.destination = old.destination;
  record.facility = old.facility;
  record.route = old.route;
  record.profile_version = old.profile_version;
  record.channel = old.channel;
  record.receipt = storage::veil(sealer, storage::receipt_domain, record.id).text();
  record.ordering_key = old.ordering_key;
  record.natural_key = old.natural_key;
  record.fingerprint = old.fingerprint;
  record.person = old.person;
  record.requirements = old.requirements;
  record.provides = old.provides;
  record.references = old.references;
  record.accepted_at = now;
  if (old.deadline && *old.deadline > now) record.deadline = old.deadline;
  auto data_key = sealer.new_data_key(record.id);
  record.wrapped_key = std::move(data_key.wrapped);
  made.payload = sealer.seal(data_key.key, record.id, "payload", *plain);
  made.replaces = old.id;
  return made;
}

storage::Result<std::vector<Acted>> act(const Acting& acting, const std::vector<Submission>& records,
                                        const Doors& doors) {
  if (acting.action == Command::requeue) return requeue(acting, records, doors);
  std::vector<Acted> acted;
  std::vector<Submission> batch;
  std::vector<std::size_t> of;
  for (std::size_t at = 0; at < records.size(); ++at) {
    acted.push_back({records[at].id, refusal_of(acting, {records[at], {}, {}, {}}, doors)});
    if (!acted.back().refused.empty()) continue;
    batch.push_back(records[at]);
    of.push_back(at);
  }
  if (batch.empty()) return acted;
  const auto changed = transition(acting.action, batch, doors);
  if (!changed) return std::unexpected(changed.error());
  std::set<SubmissionId> gone;  // with another one
  for (const auto& each : *changed)
    if (each) gone.insert(each->cancelled.begin(), each->cancelled.end());
  for (std::size_t at = 0; at < of.size(); ++at) {
    auto& one = acted[of[at]];
    const auto& came = changed->at(at);
    one.went_with_another = gone.contains(one.id);
    if (!came) one.refused = "damaged";
    if (!came || one.went_with_another) continue;
    one.cancelled = came->cancelled;
    if (came->applied == storage::Applied::yes) continue;
    auto again = once_more(acting, one.id, doors);
    if (!again) return std::unexpected(again.error());
    one = std::move(*again);
  }
  return acted;
}

bool went_with_another(const Submission& record) {
  return record.state == State::cancelled && (record.outcome_rule == storage::name(Event::requirement_cancelled) ||
                                              record.outcome_rule == storage::nothing_to_take_back);
}

bool is_done(Command action, const Submission& record, storage::WallTime began) {
  switch (action) {
    case Command::requeue:
      return record.replaced_by && record.replaced_by->made_at() >= began;
    case Command::hold:
      return record.state == State::held && record.hold_reason == storage::HoldReason::person;
    case Command::cancel:
      return record.state == State::cancelled;
    default:
      return record.state != State::held;
  }
}

}  // namespace titip::admin
