#include "tests/crash/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace titip::crash {

using storage::Event;
using storage::State;
using storage::VerdictKind;

namespace {

// What the plan of the house says these events lead to; written here once more, so that the store's own table is judged
// too. Release goes back to where the hold took the record from.
State leads_to(Event event, const Known& known) {
  switch (event) {
    case Event::attempt_opened:
      return State::in_flight;
    case Event::delivered:
      return State::delivered;
    case Event::rejected:
      return State::rejected;
    case Event::went_unknown:
    case Event::probe_inconclusive:
      return State::unknown;
    case Event::deferred:
    case Event::not_found:
      return State::deferred;
    case Event::returned:
      return State::queued;
    case Event::hold:
      return State::held;
    case Event::release:
      return known.held_from;
    case Event::cancel:
      return State::cancelled;
    default:
      std::abort();  // the workload asks for nothing else
  }
}

storage::Outcome outcome_of(Event event, bool probe) {
  switch (event) {
    case Event::delivered:
      return probe ? storage::Outcome::found : storage::Outcome::delivered;
    case Event::not_found:
      return storage::Outcome::not_found;
    case Event::probe_inconclusive:
      return storage::Outcome::inconclusive;
    case Event::rejected:
      return storage::Outcome::rejected;
    case Event::went_unknown:
      return storage::Outcome::unknown;
    case Event::deferred:
      return storage::Outcome::deferred;
    default:
      return storage::Outcome::not_sent;
  }
}

std::string text(const Try& said) {
  return fmt::format("intent {}, said {} times,", said.number, said.times);
}

}  // namespace

Line Line::of(Event event, bool probe) {
  if (probe) return {true, outcome_of(event, probe), "probe", {}};
  return {false, outcome_of(event, probe), fmt::format("rule-{}", storage::name(event)), "sealed words of the server"};
}

Line Line::of_a_restart() {
  return {false, storage::Outcome::unknown, "restart", {}};
}

std::string reply_to(const storage::SubmissionId& id) {
  return "sealed reply to " + id.text();
}

std::string_view name(Finding::Kind kind) {
  constexpr std::array<std::string_view, 5> names{"lost", "damaged", "duplicate", "corrupt served", "broken"};
  return names[static_cast<std::size_t>(kind)];
}

std::size_t count(const std::vector<Finding>& findings, Finding::Kind kind) {
  return static_cast<std::size_t>(std::ranges::count(findings, kind, &Finding::kind));
}

void History::saw(const AcceptAsked& seen) {
  Known& known = known_[intents_.id(seen.said)];
  known.said = seen.said;
  clients_[seen.said.number].times = seen.said.times;
}

void History::saw(const AcceptAnswered& seen) {
  const auto found = known_.find(intents_.id(seen.said));
  if (found == known_.end()) return find(Finding::Kind::broken, text(seen.said) + " is answered and was never asked");
  Known& known = found->second;
  if (seen.answer == Answer::unknown) return;
  if (seen.answer != Answer::ok) {
    known.custody = Known::Custody::none;
    if (seen.answer == Answer::corrupt) {
      find(Finding::Kind::damaged, text(seen.said) + " met damaged data in the store");
    }
    return;
  }
  clients_[seen.said.number].answered = true;
  if (seen.verdict == VerdictKind::accepted) return accepted(seen, known);
  known.custody = Known::Custody::none;
  if (seen.verdict == VerdictKind::replayed) return replayed(seen);
  const auto standing = known_.find(seen.in_custody);
  const bool there = standing != known_.end() && standing->second.custody == Known::Custody::acknowledged;
  if (seen.verdict != VerdictKind::conflict || !there) {
    find(Finding::Kind::broken,
         fmt::format("{} got the verdict {} over {}, which {}", text(seen.said), name(seen.verdict),
                     seen.in_custody.text(), there ? "is not so" : "nobody ever got a receipt for"));
  }
}

void History::accepted(const AcceptAnswered& seen, Known& known) {
  const storage::SubmissionId id = intents_.id(seen.said);
  ++acknowledged_;
  known.custody = Known::Custody::acknowledged;
  known.position = seen.position;
  known.version = 1;
  if (seen.in_custody != id) {
    find(Finding::Kind::broken, text(seen.said) + " was accepted under another id than its own");
  }
  const auto [place, is_new] = positions_.emplace(seen.position, id);
  if (!is_new && place->second != id) {
    find(Finding::Kind::broken, fmt::format("position {} was given out twice", seen.position));
  }
  if (const auto key = intents_.idempotency_key(intents_.intent(seen.said.number))) {
    const auto [bound, first] = keys_.emplace(*key, id);
    if (!first && bound->second != id) {
      find(Finding::Kind::duplicate, fmt::format("{} was accepted as {} though its idempotency key stands for {}",
                                                 text(seen.said), id.text(), bound->second.text()));
    }
  }
}

void History::replayed(const AcceptAnswered& seen) {
  ++acknowledged_;
  const auto standing = known_.find(seen.in_custody);
  if (standing == known_.end() || standing->second.custody != Known::Custody::acknowledged) {
    return find(Finding::Kind::broken, fmt::format("{} was answered with {}, which nobody ever got a receipt for",
                                                   text(seen.said), seen.in_custody.text()));
  }
  const Intent meant = intents_.intent(seen.said.number);
  if (meant.body != intents_.intent(standing->second.said.number).body) {
    find(Finding::Kind::lost, text(seen.said) + " was answered with a submission of another body");
  }
  if (const auto key = intents_.idempotency_key(meant)) {
    const auto [bound, first] = keys_.emplace(*key, seen.in_custody);
    if (!first && bound->second != seen.in_custody) {
      find(Finding::Kind::duplicate, fmt::format("the idempotency key of {} stood for {} and now stands for {}",
                                                 text(seen.said), bound->second.text(), seen.in_custody.text()));
    }
  }
}

void History::bind_keys() {
  for (const auto& [id, known] : known_) {
    if (known.custody != Known::Custody::acknowledged) continue;
    positions_.emplace(known.position, id);
    if (const auto key = intents_.idempotency_key(intents_.intent(known.said.number))) keys_.emplace(*key, id);
  }
}

void History::saw(const ChangeAsked& seen) {
  Known& known = known_[seen.id];
  if (intents_.intent(known.said.number).follows_others() && seen.version >= known.version) {
    known.version = seen.version;  // moved by what became of another; the inspection judges whether it may have been
    known.state = seen.from;
  }
  if (seen.version != known.version || seen.from != known.state) {
    find(Finding::Kind::broken,
         fmt::format("the store handed {} out as {} in version {}; it was left {} in version {}", seen.id.text(),
                     name(seen.from), seen.version, name(known.state), known.version));
  }
  known.doubt = Known::Doubt{leads_to(seen.event, known), seen.line ? 1U : 0U, known.line};
  if (seen.line) known.doubt->line = Line::of(seen.event, seen.from != State::in_flight);
  if (seen.event == Event::hold) known.held_from = known.state;
}

void History::saw(const ChangeAnswered& seen) {
  Known& known = known_[seen.id];
  if (seen.answer == Answer::unknown || !known.doubt) return;
  const Known::Doubt asked = *std::exchange(known.doubt, std::nullopt);
  if (seen.answer == Answer::corrupt) {
    return find(Finding::Kind::damaged, seen.id.text() + " could not be changed, for it is damaged");
  }
  if (seen.answer == Answer::refused) return;
  const bool follows = intents_.intent(known.said.number).follows_others();
  if (seen.applied == storage::Applied::stale && follows) return;  // something else moved it first
  if (seen.applied != storage::Applied::yes) {
    return find(Finding::Kind::broken,
                fmt::format("{}: the store refused to go from {} to {} as {}", seen.id.text(), name(known.state),
                            name(asked.to), seen.applied == storage::Applied::stale ? "stale" : "fenced"));
  }
  const bool waits_again = follows && (seen.state == State::blocked || seen.state == State::held);
  if (seen.version != known.version + 1 || (seen.state != asked.to && !waits_again)) {
    find(Finding::Kind::broken, fmt::format("{} should be {} in version {} and is {} in version {}", seen.id.text(),
                                            name(asked.to), known.version + 1, name(seen.state), seen.version));
  }
  ++settled_;
  known.state = seen.state;
  known.version = seen.version;
  known.lines += asked.lines;
  known.line = asked.line;
}

void History::saw(const ObjectAsked& seen) {
  objects_[seen.name].doubt = seen.bytes;
  next_object_ = std::max(next_object_, seen.bytes + 1);
}

void History::saw(const ObjectAnswered& seen) {
  KnownObject& object = objects_[seen.name];
  if (seen.answer == Answer::unknown || !object.doubt) return;
  const std::uint64_t bytes = *std::exchange(object.doubt, std::nullopt);
  if (seen.answer != Answer::ok) return;
  if (seen.applied != storage::Applied::yes) {
    return find(Finding::Kind::broken, fmt::format("object {} had not the version it was read with", seen.name));
  }
  ++object.version;
  object.bytes = bytes;
}

void History::saw(const AuditAsked& seen) {
  next_audit_line_ = std::max(next_audit_line_, seen.line + 1);
}

void History::saw(const AuditAnswered& seen) {
  if (seen.answer != Answer::ok) return;
  const auto [place, is_new] = audit_.emplace(seen.number, seen.line);
  if (!is_new) find(Finding::Kind::broken, fmt::format("place {} of the audit log was given out twice", seen.number));
}

void History::saw(const Effect& seen) {
  ++effects_[seen.body];
}

void History::saw(const Served& seen) {
  if (!seen.right) {
    find(Finding::Kind::corrupt_served, fmt::format("{} was handed out with other bytes", seen.id.text()));
  }
}

std::uint64_t History::duplicate_effects() const {
  std::uint64_t more = 0;
  for (const auto& [body, times] : effects_) more += times - 1;
  return more;
}

// --- what goes on after a restart -----------------------------------------------------------------------------------

Brief History::brief() const {
  constexpr std::size_t most_said_twice = 6;
  Brief brief;
  brief.seed = intents_.seed();
  brief.next_object = next_object_;
  brief.next_audit_line = next_audit_line_;
  for (const auto& [number, client] : clients_) {
    brief.next_intent = std::max(brief.next_intent, number + 1);
    if (!client.answered) brief.repeat.push_back({number, client.times + 1});
  }
  for (auto at = clients_.rbegin(); at != clients_.rend() && brief.say_twice.size() < most_said_twice; ++at) {
    const bool keyed = intents_.intent(at->first).idempotency_key;
    if (at->second.answered && keyed) brief.say_twice.push_back({at->first, at->second.times + 1});
  }
  for (const auto& [body, times] : effects_) brief.landed.insert(body);
  for (const auto& [id, known] : known_) {
    if (known.custody == Known::Custody::acknowledged && known.state == State::held) brief.held.push_back(id);
  }
  return brief;
}

std::string Brief::text() const {
  std::string lines = fmt::format("seed {}\nnext {} {} {}\n", seed, next_intent, next_object, next_audit_line);
  for (const Try& each : repeat) lines += fmt::format("repeat {} {}\n", each.number, each.times);
  for (const Try& each : say_twice) lines += fmt::format("twice {} {}\n", each.number, each.times);
  for (const std::uint64_t body : landed) lines += fmt::format("landed {}\n", body);
  for (const auto& id : held) lines += fmt::format("held {}\n", id.text());
  return lines;
}

Brief Brief::read(const std::string& text) {
  Brief brief;
  std::istringstream lines(text);
  std::string word;
  while (lines >> word) {
    Try said;
    std::uint64_t number = 0;
    if (word == "seed") {
      lines >> brief.seed;
    } else if (word == "next") {
      lines >> brief.next_intent >> brief.next_object >> brief.next_audit_line;
    } else if (word == "repeat" && lines >> said.number >> said.times) {
      brief.repeat.push_back(said);
    } else if (word == "twice" && lines >> said.number >> said.times) {
      brief.say_twice.push_back(said);
    } else if (word == "landed" && lines >> number) {
      brief.landed.insert(number);
    } else if (word == "held" && lines >> word) {
      if (const auto id = storage::SubmissionId::parse(word)) brief.held.push_back(*id);
    }
  }
  return brief;
}

}  // namespace titip::crash
