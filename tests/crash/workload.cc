#include "tests/crash/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace titip::crash {

using storage::Changed;
using storage::Due;
using storage::DueClass;
using storage::Error;
using storage::Event;
using storage::Settlement;
using storage::State;
using storage::SubmissionId;
using storage::Verdict;

namespace {

constexpr std::uint32_t object_names = 5;
const storage::WallTime now(std::chrono::milliseconds(morning_ms + 3'600'000));
const storage::WallTime end_of_time(std::chrono::milliseconds(9'000'000'000'000));

std::uint64_t epoch_of(Door& door) {
  const auto lease =
      door.ask<storage::Lease>([&](auto done) { door.store.claim(storage::all_shards(), door, std::move(done)); });
  return lease ? lease->epoch : door.store.health().epoch;
}

// "body 7 of 7 said 1 times; …" → the Try it was made of.
std::optional<Try> try_of(std::string_view payload) {
  const auto number_behind = [&](std::string_view word) -> std::optional<std::uint64_t> {
    const std::size_t at = payload.find(word);
    std::uint64_t number = 0;
    if (at == std::string_view::npos) return std::nullopt;
    const char* digits = payload.data() + at + word.size();
    const bool read = std::from_chars(digits, payload.data() + payload.size(), number).ec == std::errc();
    return read ? std::optional(number) : std::nullopt;
  };
  const auto number = number_behind(" of ");
  const auto times = number_behind(" said ");
  if (!number || !times) return std::nullopt;
  return Try{*number, static_cast<std::uint32_t>(*times)};
}

}  // namespace

Workload::Workload(Door& door, Witness& witness, Brief brief, std::uint64_t seed)
    : door_(door),
      witness_(witness),
      brief_(std::move(brief)),
      intents_(brief_.seed),
      dice_(seed, 5),
      epoch_(epoch_of(door)) {
  std::vector<storage::LoadRequest> batch;
  for (const SubmissionId& id : brief_.held) batch.push_back({.id = id});
  const auto loaded = door_.ask<std::vector<std::optional<storage::Loaded>>>(
      [&](auto done) { door_.store.load(std::move(batch), door_, std::move(done)); });
  for (std::size_t i = 0; loaded && i < loaded->size(); ++i) {
    if ((*loaded)[i]) held_.push_back({brief_.held[i], (*loaded)[i]->submission.version});
  }
}

template <class T>
Answer Workload::answer_of(const storage::Result<T>& result) const {
  if (result) return Answer::ok;
  if (result.error() == Error::in_doubt) return Answer::unknown;
  return result.error() == Error::corrupt ? Answer::corrupt : Answer::refused;
}

void Workload::ask_again() {
  for (const std::vector<Try>& list : {brief_.repeat, brief_.say_twice}) {
    for (const Try& said : list) accept({said});
    door_.run_until_answered();
  }
  brief_.repeat.clear();
  brief_.say_twice.clear();
}

void Workload::pile_up(std::uint64_t submissions) {
  constexpr std::uint64_t in_a_call = 3;
  for (std::uint64_t made = 0; made < submissions; made += in_a_call) {
    std::vector<Try> tries;
    for (std::uint64_t i = 0; i < in_a_call; ++i) tries.push_back({brief_.next_intent++, 1});
    accept(std::move(tries));
    door_.run_until_answered();
  }
}

bool Workload::step() {
  const std::vector<Due> to_send = dice_.chance(0.6) ? due(DueClass::send, 4) : std::vector<Due>{};
  const std::vector<Due> to_probe = dice_.chance(0.3) ? due(DueClass::probe, 3) : std::vector<Due>{};
  const std::uint32_t calls = accepting_ ? dice_.below(4) : 0;
  for (std::uint32_t call = 0; call < calls; ++call) {
    std::vector<Try> tries;
    for (std::uint32_t i = dice_.between(1, 3); i > 0; --i) tries.push_back({brief_.next_intent++, 1});
    accept(std::move(tries));
  }
  if (dice_.chance(0.8)) settle_some();
  if (!to_probe.empty()) settle_probes(to_probe);
  if (!to_send.empty()) {
    // Now and then a person steps in before the first of them is sent.
    const bool stops_one = dice_.chance(0.15);
    if (stops_one && serve(to_send.front())) {
      const storage::Submission& s = to_send.front().submission;
      transition(s.id, s.state, s.version, dice_.chance(0.6) ? Event::hold : Event::cancel);
    }
    open({to_send.begin() + (stops_one ? 1 : 0), to_send.end()});
  }
  if (!held_.empty() && dice_.chance(0.3)) {
    const Held held = held_.back();
    held_.pop_back();
    transition(held.id, State::held, held.version, Event::release);
  }
  if (dice_.chance(0.25)) put_object();
  if (dice_.chance(0.2)) append_audit_line();
  door_.run_until_answered();
  return door_.store.health().writable;
}

std::vector<Due> Workload::due(DueClass due_class, std::size_t limit) {
  storage::DueQuery query;
  query.lane = {std::string(destination), fmt::format("clinic-{}", dice_.below(facilities))};
  query.due_class = due_class;
  query.now = end_of_time;
  query.limit = limit;
  auto answer = door_.ask<std::vector<storage::DueBatch>>(
      [&](auto done) { door_.store.next_due({query}, door_, std::move(done)); });
  if (!answer) return {};
  return std::move(answer->at(0).items);
}

void Workload::accept(std::vector<Try> tries) {
  std::vector<storage::NewSubmission> batch;
  for (const Try& said : tries) {
    batch.push_back(intents_.submission(said));
    witness_.saw(AcceptAsked{said});
  }
  door_.send<std::vector<Verdict>>([&](auto done) { door_.store.accept(std::move(batch), door_, std::move(done)); },
                                   [this, tries](storage::Result<std::vector<Verdict>> result) {
                                     for (std::size_t i = 0; i < tries.size(); ++i) {
                                       AcceptAnswered seen{tries[i], answer_of(result), {}, {}, 0};
                                       if (result) {
                                         const Verdict& verdict = (*result)[i];
                                         seen.verdict = verdict.kind;
                                         seen.in_custody = verdict.submission.id;
                                         seen.position = verdict.submission.position;
                                         ++accepted_;
                                       } else {
                                         ++refused_accepts_;
                                       }
                                       witness_.saw(seen);
                                     }
                                   });
}

bool Workload::serve(const Due& item) {
  const auto said = try_of(item.payload.bytes);
  const bool right = said && intents_.id(*said) == item.submission.id && intents_.payload(*said) == item.payload.bytes;
  if (!right) witness_.saw(Served{item.submission.id, false});
  return right;
}

void Workload::open(const std::vector<Due>& items) {
  std::vector<storage::OpenAttempt> batch;
  std::vector<std::uint64_t> bodies;
  for (const Due& item : items) {
    if (!serve(item)) continue;
    storage::OpenAttempt opening;
    opening.id = item.submission.id;
    opening.expected_version = item.submission.version;
    opening.attempt.opened_at = now;
    opening.epoch = epoch_;
    witness_.saw(ChangeAsked{opening.id, item.submission.version, item.submission.state, Event::attempt_opened, false});
    batch.push_back(std::move(opening));
    bodies.push_back(body_of(item.payload.bytes).value_or(0));
  }
  if (batch.empty()) return;
  std::vector<SubmissionId> ids;
  for (const auto& each : batch) ids.push_back(each.id);
  door_.send<std::vector<Changed>>(
      [&](auto done) { door_.store.open_attempts(std::move(batch), door_, std::move(done)); },
      [this, ids, bodies](storage::Result<std::vector<Changed>> result) {
        for (std::size_t i = 0; i < ids.size(); ++i) {
          const Changed changed = result ? (*result)[i] : Changed{};
          witness_.saw(ChangeAnswered{ids[i], answer_of(result), changed.applied, changed.version, changed.state});
          if (result && changed.applied == storage::Applied::yes) opened(changed, ids[i], bodies[i]);
        }
      });
}

// Only now, with the mark on stable storage, is it sent: the national server applies it or not, and its reply comes or
// not.
void Workload::opened(const Changed& changed, const SubmissionId& id, std::uint64_t body) {
  ++changes_;
  const std::uint32_t die = dice_.below(100);
  Open attempt{id, changed.version, Event::deferred};
  const bool lands = die < 62;
  if (die < 50) {
    attempt.outcome = Event::delivered;
  } else if (die < 72) {
    attempt.outcome = Event::went_unknown;
  } else if (die < 82) {
    attempt.outcome = Event::rejected;
  } else if (die < 94) {
    attempt.outcome = Event::deferred;
  } else {
    attempt.outcome = Event::returned;
  }
  if (lands) {
    brief_.landed.insert(body);
    witness_.saw(Effect{body});
  }
  open_.push_back(attempt);
}

void Workload::settle_some() {
  std::vector<Settlement> batch;
  std::vector<State> from;
  for (std::size_t i = 0; i < open_.size();) {
    if (dice_.chance(0.3)) {  // takes its time
      ++i;
      continue;
    }
    const Open attempt = open_[i];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    Settlement made;
    made.id = attempt.id;
    made.expected_version = attempt.version;
    made.event = attempt.outcome;
    made.attempt.ended_at = now;
    const Line line = Line::of(attempt.outcome, false);
    made.attempt.outcome = line.outcome;
    made.attempt.rule = line.rule;
    made.attempt.http_status = attempt.outcome == Event::went_unknown ? 0 : 200;
    made.attempt.note.bytes = line.note;
    made.counts_as_attempt = attempt.outcome != Event::returned;
    if (attempt.outcome == Event::delivered) made.reply.bytes = reply_to(attempt.id);
    made.epoch = epoch_;
    batch.push_back(std::move(made));
    from.push_back(State::in_flight);
  }
  if (!batch.empty()) send_settlements(std::move(batch), from);
}

void Workload::settle_probes(const std::vector<Due>& items) {
  std::vector<Settlement> batch;
  std::vector<State> from;
  for (const Due& item : items) {
    if (!serve(item)) continue;
    const bool landed = brief_.landed.contains(body_of(item.payload.bytes).value_or(0));
    Settlement made;
    made.id = item.submission.id;
    made.expected_version = item.submission.version;
    made.event = landed ? Event::delivered : Event::not_found;
    if (dice_.chance(0.2)) made.event = Event::probe_inconclusive;
    made.attempt.probe = true;
    made.attempt.opened_at = now;
    made.attempt.ended_at = now;
    const Line line = Line::of(made.event, true);
    made.attempt.outcome = line.outcome;
    made.attempt.rule = line.rule;
    made.epoch = epoch_;
    batch.push_back(std::move(made));
    from.push_back(item.submission.state);
  }
  if (!batch.empty()) send_settlements(std::move(batch), from);
}

void Workload::send_settlements(std::vector<Settlement> batch, const std::vector<State>& from) {
  std::vector<SubmissionId> ids;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    ids.push_back(batch[i].id);
    witness_.saw(ChangeAsked{batch[i].id, batch[i].expected_version, from[i], batch[i].event, true});
  }
  door_.send<std::vector<Changed>>(
      [&](auto done) { door_.store.settle(std::move(batch), door_, std::move(done)); },
      [this, ids](storage::Result<std::vector<Changed>> result) {
        for (std::size_t i = 0; i < ids.size(); ++i) {
          const Changed changed = result ? (*result)[i] : Changed{};
          if (result) ++changes_;
          witness_.saw(ChangeAnswered{ids[i], answer_of(result), changed.applied, changed.version, changed.state});
        }
      });
}

void Workload::transition(const SubmissionId& id, State from, std::uint32_t version, Event event) {
  storage::Transition made;
  made.id = id;
  made.expected_state = from;
  made.expected_version = version;
  made.event = event;
  if (event == Event::hold) made.hold_reason = storage::HoldReason::person;
  witness_.saw(ChangeAsked{id, version, from, event, false});
  door_.send<std::vector<Changed>>(
      [&](auto done) { door_.store.transition({made}, door_, std::move(done)); },
      [this, id, event](storage::Result<std::vector<Changed>> result) {
        const Changed changed = result ? result->at(0) : Changed{};
        if (result) ++changes_;
        witness_.saw(ChangeAnswered{id, answer_of(result), changed.applied, changed.version, changed.state});
        const bool now_held = result && changed.applied == storage::Applied::yes && event == Event::hold;
        if (now_held) held_.push_back({id, changed.version});
      });
}

void Workload::append_audit_line() {
  const std::uint64_t line = brief_.next_audit_line++;
  witness_.saw(AuditAsked{line});
  door_.send<std::vector<storage::AuditLine>>(
      [&](auto done) { door_.store.append_audit({Intents::audit_line(line)}, door_, std::move(done)); },
      [this, line](storage::Result<std::vector<storage::AuditLine>> result) {
        witness_.saw(AuditAnswered{line, answer_of(result), result ? result->at(0).number : 0});
      });
}

void Workload::put_object() {
  const std::uint32_t number = dice_.below(object_names);
  const std::string object_name = fmt::format("object-{}", number);
  const auto there = door_.ask<std::optional<storage::Object>>(
      [&](auto done) { door_.store.get_object("crash", object_name, door_, std::move(done)); });
  if (!there) return;
  const std::uint64_t bytes = brief_.next_object++;
  const std::uint64_t version = *there ? (*there)->version : 0;
  witness_.saw(ObjectAsked{number, version, bytes});
  door_.send<std::vector<storage::Applied>>(
      [&](auto done) {
        door_.store.put_objects({{"crash", object_name, version, intents_.object_bytes(bytes)}}, door_,
                                std::move(done));
      },
      [this, number](storage::Result<std::vector<storage::Applied>> result) {
        const auto applied = result ? result->at(0) : storage::Applied::stale;
        witness_.saw(ObjectAnswered{number, answer_of(result), applied});
      });
}

}  // namespace titip::crash
