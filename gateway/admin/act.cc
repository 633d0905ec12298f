#include "gateway/admin/act.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

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
  std::string_view sentence;
};
constexpr std::array words{
    Word{"not_there", "there is no such record any more"},
    Word{"damaged", "it cannot be read; run `titip verify`"},
    Word{"replaced_before", "it was sent again before, as another record"},
    Word{"conflict", "another record for the same act is in custody or delivered"},
    Word{"content_erased", "its content was erased or cannot be opened, so there is nothing to send"},
    Word{"may_have_landed",
         "an attempt may have landed: look at the national server first, then requeue it alone with --not-landed"},
    Word{"no_destination", "the config has its destination no more"},
    Word{"no_facility", "neither config nor registry has its facility any more"},
    Word{"requirement", "what it requires is still not to be had"},
    Word{"changed_meanwhile", "it changed at the same moment; try it again"},
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

storage::Result<std::vector<std::optional<Loaded>>> load_all(const std::vector<Submission>& records, bool payload,
                                                             const Doors& doors) {
  std::vector<storage::LoadRequest> wanted;
  for (const auto& record : records) wanted.push_back({record.id, payload, false, false});
  storage::WaitingHome home;
  return home.ask_patiently<std::vector<std::optional<Loaded>>>(
      [&](auto done) { doors.store.load(wanted, home, std::move(done)); });
}

// One that is damaged does not keep the others from being read.
std::vector<std::pair<std::optional<Loaded>, std::string>> load_each(const std::vector<Submission>& records,
                                                                     bool payload, const Doors& doors) {
  std::vector<std::pair<std::optional<Loaded>, std::string>> found;
  auto all = load_all(records, payload, doors);
  for (std::size_t at = 0; at < records.size(); ++at) {
    auto one = all ? storage::Result<std::vector<std::optional<Loaded>>>(
                         std::vector<std::optional<Loaded>>{std::move(all->at(at))})
                   : load_all({records[at]}, payload, doors);
    if (!one) {
      found.emplace_back(std::nullopt, "damaged");
    } else {
      found.emplace_back(std::move(one->front()), "not_there");
    }
  }
  return found;
}

storage::Result<std::vector<Acted>> requeue(const Acting& acting, const std::vector<Submission>& records,
                                            const Doors& doors) {
  std::vector<Acted> acted;
  std::vector<NewSubmission> batch;
  std::vector<std::size_t> of;  // whose repetition each is
  const auto loaded = load_each(records, true, doors);
  for (std::size_t at = 0; at < records.size(); ++at) {
    const auto& [found, why_not] = loaded[at];
    acted.push_back({records[at].id, found ? refusal_of(acting, *found, doors) : why_not});
    auto made = acted.back().refused.empty() ? repetition_of(*found, doors.sealer, doors.clock.wall()) : std::nullopt;
    if (acted.back().refused.empty() && !made) acted.back().refused = "content_erased";
    if (!made) continue;
    batch.push_back(std::move(*made));
    of.push_back(at);
  }
  if (batch.empty()) return acted;
  storage::WaitingHome home;
  const auto verdicts = home.ask_patiently<std::vector<storage::Verdict>>(
      [&](auto done) { doors.store.accept(batch, home, std::move(done)); });
  if (!verdicts) return std::unexpected(verdicts.error());
  for (std::size_t at = 0; at < of.size(); ++at) {
    auto& one = acted[of[at]];
    const auto& verdict = verdicts->at(at);
    one.refused = word_of(verdict);
    if (one.refused.empty() || one.refused == "conflict") one.other = verdict.submission.id;
    if (one.refused == "replaced_before") one.other = verdict.submission.replaced_by;
  }
  return acted;
}

storage::Result<std::vector<storage::Changed>> transition(Command action, const std::vector<Submission>& records,
                                                          const Doors& doors) {
  std::vector<storage::Transition> batch;
  for (const auto& record : records) batch.push_back(transition_of(action, record, doors.clock.wall()));
  storage::WaitingHome home;
  return home.ask_patiently<std::vector<storage::Changed>>(
      [&](auto done) { doors.store.transition(batch, home, std::move(done)); });
}

// Delivery may have moved it between the look and the commit: so it is looked at and tried once more.
storage::Result<Acted> once_more(Command action, const Submission& seen, const Doors& doors) {
  const auto again = load_each({seen}, false, doors);
  const auto& [loaded, why_not] = again.front();
  Acted acted{seen.id, loaded ? refusal_of({action}, *loaded, doors) : why_not};
  if (!acted.refused.empty()) return acted;
  const auto changed = transition(action, {loaded->submission}, doors);
  if (!changed) return std::unexpected(changed.error());
  acted.cancelled = changed->front().cancelled;
  if (changed->front().applied == storage::Applied::yes) return acted;
  const bool leads_nowhere = loaded->submission.version == changed->front().version;
  acted.refused = leads_nowhere ? "requirement" : "changed_meanwhile";
  return acted;
}

}  // namespace

std::string word_of(const storage::Verdict& verdict) {
  if (verdict.kind == VerdictKind::accepted) return {};
  if (verdict.kind == VerdictKind::not_replaceable)
    return verdict.submission.replaced_by ? "replaced_before" : std::string(storage::name(verdict.submission.state));
  return "conflict";
}

std::string refusal_words(std::string_view refused) {
  const auto* found = std::ranges::find(words, refused, &Word::word);
  if (found != words.end()) return std::string(found->sentence);
  return fmt::format("it is {}", refused);
}

std::string refusal_of(const Acting& acting, const Loaded& loaded, const Doors& doors) {
  const auto& record = loaded.submission;
  if (acting.action != Command::requeue) {
    const auto next = storage::next_state(record.state, event_of(acting.action), record.hold_reason, record.held_from);
    return next ? std::string() : std::string(storage::name(record.state));
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
  for (std::size_t at = 0; at < of.size(); ++at) {
    auto& one = acted[of[at]];
    one.cancelled = changed->at(at).cancelled;
    if (changed->at(at).applied == storage::Applied::yes) continue;
    auto again = once_more(acting.action, batch[at], doors);
    if (!again) return std::unexpected(again.error());
    one = std::move(*again);
  }
  return acted;
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
