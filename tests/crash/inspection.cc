#include "tests/crash/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace titip::crash {

using storage::Error;
using storage::Loaded;
using storage::LoadRequest;
using storage::Result;
using storage::State;
using storage::Submission;
using storage::SubmissionId;

namespace {

constexpr std::size_t ids_in_a_load = 64;

struct Expected {
  State state;
  std::uint32_t version;
  std::uint32_t lines;
  std::optional<Line> line;
};

// From a backup: what was pending may have been sent since, so it is unknown; what was held stays held.
std::vector<Expected> after_a_restore(const Expected& left) {
  const bool was_open = left.state == State::in_flight;
  const Expected unknown{State::unknown, left.version + 1, left.lines + (was_open ? 1 : 0),
                         was_open ? Line::of_a_restart() : left.line};
  if (storage::is_terminal(left.state)) return {left};
  if (left.state == State::held) return {left, {State::held, left.version + 1, left.lines, left.line}};
  return {unknown};
}

// As it was left, or as it was left by the change nobody answered; a restart ends what was in flight.
std::vector<Expected> expected_of(const Known& known, Inspection::When when) {
  std::vector<Expected> all{{known.state, known.version, known.lines, known.line}};
  if (known.doubt)
    all.push_back({known.doubt->to, known.version + 1, known.lines + known.doubt->lines, known.doubt->line});
  if (when == Inspection::When::restored) return after_a_restore(all.front());
  for (Expected& each : all) {
    if (when == Inspection::When::restarted && each.state == State::in_flight)
      each = {State::unknown, each.version + 1, each.lines + 1, Line::of_a_restart()};
  }
  return all;
}

}  // namespace

Inspection::Inspection(Door& door, const History& history, When when, Content content)
    : door_(door), history_(history), when_(when), content_(content) {}

std::vector<Finding> Inspection::run() {
  load_all();
  for (const auto& [id, known] : history_.known()) look_at(id, known);
  if (!unreadable_) {
    look_at_positions();
    look_at_natural_keys();
    look_at_counts();
    look_at_due();
    look_at_keys();
    look_at_objects();
    look_at_audit();
    ask_the_store_itself();
  }
  return std::move(findings_);
}

std::string Inspection::label(const SubmissionId& id, const Known& known) const {
  return fmt::format("{} (intent {}, said {} times)", id.text(), known.said.number, known.said.times);
}

void Inspection::load_all() {
  std::vector<SubmissionId> ids;
  for (auto at = history_.known().begin(); at != history_.known().end();) {
    ids.push_back(at->first);
    ++at;
    if (ids.size() < ids_in_a_load && at != history_.known().end()) continue;
    std::vector<LoadRequest> batch;
    for (const SubmissionId& id : ids) batch.push_back({id, true, true, true});
    auto loaded = door_.ask<std::vector<std::optional<Loaded>>>(
        [&](auto done) { door_.store.load(std::move(batch), door_, std::move(done)); });
    if (!loaded) {
      load_one_by_one(ids);
    } else {
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if ((*loaded)[i]) seen_[ids[i]].loaded = std::move(*(*loaded)[i]);
      }
    }
    ids.clear();
  }
  present_ = seen_.size();
}

void Inspection::load_one_by_one(const std::vector<SubmissionId>& ids) {
  for (const SubmissionId& id : ids) {
    auto loaded = door_.ask<std::vector<std::optional<Loaded>>>(
        [&](auto done) { door_.store.load({LoadRequest{id, true, true, true}}, door_, std::move(done)); });
    if (!loaded) {
      failed_.emplace(id, loaded.error());
      unreadable_ = unreadable_ || loaded.error() != Error::corrupt;
    } else if (loaded->at(0)) {
      seen_[id].loaded = std::move(*loaded->at(0));
    }
  }
}

void Inspection::look_at(const SubmissionId& id, const Known& known) {
  const auto failed = failed_.find(id);
  const auto found = seen_.find(id);
  const bool acknowledged = known.custody == Known::Custody::acknowledged;
  if (failed != failed_.end()) {
    if (known.custody != Known::Custody::none) {
      find(Finding::Kind::damaged, fmt::format("{} is {} and is answered as {}", label(id, known),
                                               acknowledged ? "acknowledged" : "perhaps there", name(failed->second)));
    }
    return;
  }
  if (found == seen_.end()) {
    if (acknowledged) {
      find(Finding::Kind::lost, fmt::format("{} was acknowledged at position {}, was {}, and is not there",
                                            label(id, known), known.position, name(known.state)));
    }
    return;
  }
  if (known.custody == Known::Custody::none) {
    find(Finding::Kind::broken, fmt::format("{} was certainly not taken in, and is there", label(id, known)));
    return;
  }
  found->second.payload_bytes = found->second.loaded.payload.bytes.size();
  look_at_content(found->second, known);
  look_at_state(found->second, known);
  look_at_last_line(found->second, known);
}

void Inspection::look_at_content(Seen& seen, const Known& known) {
  const Submission& s = seen.loaded.submission;
  const storage::NewSubmission given = history_.intents().submission(known.said);
  const Submission& g = given.submission;
  // Retention takes payload, reply, notes and key of what is over, all or nothing.
  const bool over = s.state == State::delivered || s.state == State::cancelled;
  const bool erased = s.content_erased && over && content_ == Content::may_be_erased;
  seen.erased = erased;
  if (s.content_erased && !erased) {
    find(Finding::Kind::lost, label(g.id, known) + " has had its content erased, and nobody asked for that");
  }
  could_be_erased_ += over && !s.content_erased ? 1 : 0;
  erased_ += erased ? 1 : 0;
  if (erased ? !seen.loaded.payload.empty() || !seen.loaded.reply.empty() || !s.wrapped_key.empty()
             : seen.loaded.payload != given.payload) {
    find(Finding::Kind::corrupt_served, label(g.id, known) + " has not the bytes that were given");
  }
  const bool same = s.takes_back == given.takes_back && s.id == g.id && s.destination == g.destination &&
                    s.facility == g.facility && s.route == g.route && s.channel == g.channel &&
                    s.receipt == g.receipt && s.ordering_key == g.ordering_key && s.natural_key == g.natural_key &&
                    s.fingerprint == g.fingerprint && s.person == g.person && s.accepted_at == g.accepted_at &&
                    (erased || s.wrapped_key == g.wrapped_key);
  if (!same) find(Finding::Kind::corrupt_served, label(g.id, known) + " has not the fields that were given");
  if (known.position != 0 && s.position != known.position) {
    find(Finding::Kind::broken, fmt::format("{} was acknowledged at position {} and stands at {}", label(g.id, known),
                                            known.position, s.position));
  }
}

void Inspection::look_at_state(Seen& seen, const Known& known) {
  const Submission& s = seen.loaded.submission;
  Known as_told = known;
  if (known.custody == Known::Custody::unknown) as_told.version = 1;
  const auto expected = expected_of(as_told, when_);
  const std::size_t lines = seen.loaded.attempts.size() - (s.state == State::in_flight ? 1 : 0);
  // A restart ends an open attempt as a settlement nobody answered for would have, but for the words of its line.
  const Expected* fits = nullptr;
  for (const Expected& each : expected) {
    if (s.state != each.state || s.version != each.version || lines != each.lines) continue;
    if (fits == nullptr || (each.line && each.line->rule == last_rule(seen))) fits = &each;
  }
  if (fits != nullptr) {
    seen.line = fits->line;
    return;
  }
  if (moved_by_others(seen, as_told, lines)) {
    if (lines == known.lines) seen.line = known.line;
    return;
  }
  std::string wanted;
  for (const Expected& each : expected) {
    wanted += fmt::format("{}{} in version {} with {} lines", wanted.empty() ? "" : " or ", name(each.state),
                          each.version, each.lines);
  }
  const bool pending_again = storage::is_terminal(known.state) && !storage::is_terminal(s.state);
  find(pending_again ? Finding::Kind::lost : Finding::Kind::broken,
       fmt::format("{}{} should be {}, and is {} in version {} with {} lines",
                   pending_again ? "a settlement was lost: " : "", label(s.id, known), wanted, name(s.state), s.version,
                   lines));
}

std::string Inspection::last_rule(const Seen& seen) {
  const auto& attempts = seen.loaded.attempts;
  const std::size_t open = seen.loaded.submission.state == State::in_flight ? 1 : 0;
  return attempts.size() > open ? attempts[attempts.size() - 1 - open].rule : std::string();
}

// The last settled line says what the last settlement said, and the reply of a delivery is there exactly where one
// came.
void Inspection::look_at_last_line(const Seen& seen, const Known& known) {
  const auto& attempts = seen.loaded.attempts;
  const Submission& s = seen.loaded.submission;
  const std::size_t settled = attempts.size() - (s.state == State::in_flight && !attempts.empty() ? 1 : 0);
  const bool delivered_by_attempt = s.state == State::delivered && seen.line && !seen.line->probe;
  const bool reply_known = s.state != State::delivered || seen.line;
  const std::string reply = delivered_by_attempt && !seen.erased ? reply_to(s.id) : std::string();
  if (reply_known && seen.loaded.reply.bytes != reply) {
    find(Finding::Kind::corrupt_served,
         fmt::format("{} has {}", label(s.id, known),
                     seen.loaded.reply.empty() ? "not the reply that the national server gave"
                                               : "a reply that the national server did not give"));
  }
  if (settled == 0 || !seen.line) return;
  const storage::Attempt& last = attempts[settled - 1];
  Line wanted = *seen.line;
  if (seen.erased) wanted.note.clear();
  const Line is{last.probe, last.outcome, last.rule, last.note.bytes};
  if (is != wanted) {
    find(Finding::Kind::corrupt_served,
         fmt::format("the last line of {} says {} by {}, and {} by {} was settled{}", label(s.id, known),
                     static_cast<int>(is.outcome), is.rule, static_cast<int>(wanted.outcome), wanted.rule,
                     is.note == wanted.note ? "" : "; the words are others"));
  }
}

// What waits for another may go, wait again, or be cancelled with it; what others wait for may be taken back. Whether
// the two fit together, the store's own verify says; that no half of it is there, we do.
bool Inspection::moved_by_others(const Seen& seen, const Known& known, std::size_t lines) const {
  const Intent meant = history_.intents().intent(known.said.number);
  const Submission& s = seen.loaded.submission;
  const bool settled = storage::is_terminal(known.state) && known.custody == Known::Custody::acknowledged;
  const std::uint32_t most_lines = known.lines + (known.doubt ? known.doubt->lines : 0) + 1;
  if (!meant.follows_others() || settled || s.version < known.version || lines < known.lines || lines > most_lines) {
    return false;
  }
  if (when_ == When::restored && s.state == State::unknown) return true;
  if (meant.takes_back) return s.state == State::cancelled && s.version == 1;
  if (meant.provides) return s.state == State::cancelled && taken_back(known);
  return s.state == State::queued || s.state == State::blocked || s.state == State::held ||
         (s.state == State::cancelled && s.version > known.version);
}

// Whether the one that takes it back is there and over: both in one batch, or neither.
bool Inspection::taken_back(const Known& known) const {
  for (const auto& [id, seen] : seen_) {
    const auto other = history_.known().find(id);
    const Intent by = history_.intents().intent(other->second.said.number);
    if (by.takes_back == known.said.number && seen.loaded.submission.state == State::cancelled) return true;
  }
  return false;
}

void Inspection::look_at_positions() {
  std::map<std::uint64_t, SubmissionId> positions;
  for (const auto& [id, seen] : seen_) {
    const auto [place, is_new] = positions.emplace(seen.loaded.submission.position, id);
    if (!is_new) {
      find(Finding::Kind::broken, fmt::format("{} and {} both stand at position {}", id.text(), place->second.text(),
                                              seen.loaded.submission.position));
    }
  }
  const std::uint64_t last = positions.empty() ? 0 : positions.rbegin()->first;
  if (last != positions.size()) {
    find(Finding::Kind::broken, fmt::format("{} positions go up to {}: they are not dense", positions.size(), last));
  }
  const std::uint64_t said = door_.store.health().last_position;
  if (said != last) {
    find(Finding::Kind::broken, fmt::format("the store says that its last position is {}; it is {}", said, last));
  }
}

// Whether one that takes it back was delivered: its natural key is free.
bool Inspection::undone(const Known& known) const {
  return std::ranges::any_of(seen_, [&](const auto& each) {
    const auto other = history_.known().find(each.first);
    return each.second.loaded.submission.state == State::delivered &&
           history_.intents().intent(other->second.said.number).takes_back == known.said.number;
  });
}

// Of those that a route takes once only, one may stand under a natural key.
void Inspection::look_at_natural_keys() {
  std::map<storage::Digest, SubmissionId> standing;
  for (const auto& [id, seen] : seen_) {
    const Submission& s = seen.loaded.submission;
    const bool left = s.state == State::rejected || s.state == State::cancelled || s.state == State::expired;
    const auto known = history_.known().find(id);
    if (left || !s.natural_key || history_.intents().intent(known->second.said.number).correction) continue;
    if (s.state == State::delivered && undone(known->second)) continue;
    const auto [first, is_new] = standing.emplace(*s.natural_key, id);
    if (!is_new) {
      find(Finding::Kind::duplicate,
           fmt::format("{} and {} both stand under one natural key", id.text(), first->second.text()));
    }
  }
}

void Inspection::look_at_counts() {
  storage::DestinationCounts scanned;
  for (const auto& [id, seen] : seen_) {
    ++scanned.accepted;
    ++scanned.by_state[static_cast<std::size_t>(seen.loaded.submission.state)];
    if (!storage::is_terminal(seen.loaded.submission.state)) scanned.payload_bytes_pending += seen.payload_bytes;
  }
  const storage::Counts counts = door_.store.counts();
  const auto found = counts.destinations.find(destination);
  const auto told = found == counts.destinations.end() ? storage::DestinationCounts{} : found->second;
  for (const State state : storage::all_states) {
    const auto at = static_cast<std::size_t>(state);
    if (told.by_state[at] != scanned.by_state[at]) {
      find(Finding::Kind::broken,
           fmt::format("{} {} are counted, and {} are there", told.by_state[at], name(state), scanned.by_state[at]));
    }
  }
  if (told.accepted != scanned.accepted || told.payload_bytes_pending != scanned.payload_bytes_pending) {
    find(Finding::Kind::broken,
         fmt::format("counted: {} accepted, {} bytes pending; there: {} and {}", told.accepted,
                     told.payload_bytes_pending, scanned.accepted, scanned.payload_bytes_pending));
  }
}

void Inspection::settle_doubts(History& history) const {
  for (auto& [id, known] : history.known()) {
    const auto found = seen_.find(id);
    if (found == seen_.end()) {
      if (known.custody == Known::Custody::unknown) known.custody = Known::Custody::none;
      known.doubt.reset();
      continue;
    }
    const Submission& s = found->second.loaded.submission;
    known.custody = Known::Custody::acknowledged;
    known.position = s.position;
    known.state = s.state;
    known.version = s.version;
    known.lines =
        static_cast<std::uint32_t>(found->second.loaded.attempts.size() - (s.state == State::in_flight ? 1 : 0));
    known.line = found->second.line;
    if (s.state == State::held) known.held_from = s.held_from;
    known.doubt.reset();
  }
  for (auto& [number, known] : history.objects()) {
    const auto found = objects_.find(number);
    if (found == objects_.end()) continue;
    const std::uint64_t version = found->second ? found->second->version : 0;
    if (known.doubt && version == known.version + 1) known.bytes = *known.doubt;
    known.version = version;
    known.doubt.reset();
  }
  history.bind_keys();
}

}  // namespace titip::crash
