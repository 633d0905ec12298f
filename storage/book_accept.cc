#include <algorithm>
#include <limits>
#include <utility>

#include "storage/book.h"
#include "storage/check.h"
#include "storage/keys.h"
#include "storage/tables.h"
#include "storage/verdict.h"

namespace titip::storage {
namespace {

void add_once(std::vector<Digest>& keys, const Digest& key) {
  if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
}

std::vector<Digest> each_once(const std::vector<Digest>& keys) {
  std::vector<Digest> once;
  for (const Digest& key : keys) add_once(once, key);
  check(once.size() <= most_keys_of_a_record, "a record has at most 64 requirements, keys and references each");
  return once;
}

void leave_out(std::vector<Digest>& keys, const std::vector<Digest>& others) {
  std::erase_if(keys, [&](const Digest& key) { return std::ranges::find(others, key) != others.end(); });
}

// What a submission says of itself and what is the store's to say.
void begin_life(Submission& s, WallTime now, bool correction) {
  s.version = 1;
  s.state = State::queued;
  s.held_from = State::queued;
  s.hold_reason = HoldReason::none;
  s.correction = correction;
  if (s.accepted_at == WallTime{}) s.accepted_at = now;
  s.replaced_by.reset();
  s.settled_at.reset();
  s.unknown_since.reset();
  s.aging_since.reset();
  s.attempts = s.backoff_steps = s.unknown_attempts = s.probes = s.blocked_replies = 0;
  s.erase_when_settled = s.content_erased = false;
  s.outcome_rule.clear();
  s.provides = each_once(s.provides);
  s.references = each_once(s.references);
  leave_out(s.provides, s.references);
  // Nobody waits for himself.
  s.requirements = each_once(s.requirements);
  leave_out(s.requirements, s.provides);
  leave_out(s.requirements, s.references);
}

}  // namespace

void Book::foresee(const NewSubmission& incoming) {
  const Submission& s = incoming.submission;
  staging_.want(Family::meta, keys::of(s.id));
  if (incoming.idempotency_key) staging_.want(Family::idempotency, keys::of(*incoming.idempotency_key));
  if (s.natural_key) staging_.want(Family::natural, keys::of(*s.natural_key));
  if (incoming.replaces) staging_.want(Family::meta, keys::of(*incoming.replaces));
  if (incoming.takes_back) staging_.want(Family::requirement, keys::of(*incoming.takes_back));
  for (const auto* all : {&s.requirements, &s.provides, &s.references}) {
    for (const Digest& key : *all) staging_.want(Family::requirement, keys::of(key));
  }
  staging_.want(Family::head, keys::of(s.ordering_key));
  staging_.want(due_.count_of(lane_of(s)));
  tally_.foresee(s);
}

// Who its keys stand for, and who is at the front of its line.
void Book::foresee_behind(const NewSubmission& incoming) {
  const Submission& s = incoming.submission;
  const auto look = [&]<class T>(Family family, const std::string& key, Decode<T> decode) -> std::optional<T> {
    const std::string* bytes = staging_.get(family, key);
    return bytes != nullptr ? decode({family, key}, *bytes) : std::nullopt;
  };
  if (const auto head = look(Family::head, keys::of(s.ordering_key), decode_head); head && head->front) {
    staging_.want(Family::meta, keys::of(*head->front));
  }
  if (incoming.idempotency_key) {
    const auto known = look(Family::idempotency, keys::of(*incoming.idempotency_key), decode_id);
    if (known) staging_.want(Family::meta, keys::of(*known));
  }
  if (s.natural_key) {
    const auto chain = look(Family::natural, keys::of(*s.natural_key), decode_ids);
    if (chain && !chain->empty()) staging_.want(Family::meta, keys::of(chain->back()));
  }
}

Verdict Book::accept(const NewSubmission& incoming) {
  begin();
  Record record{incoming.submission};
  Submission& s = record.submission;
  if (auto same = read_record(staging_, s.id)) return {VerdictKind::replayed, std::move(same->submission)};

  Verdict verdict = decide_on(incoming);
  if (staging_.fault() || verdict.kind != VerdictKind::accepted) return verdict;
  s.takes_back = incoming.takes_back;
  const bool taken_back = incoming.takes_back && take_back(s, *incoming.takes_back);
  if (incoming.beyond_quota && !taken_back) {
    staging_.fail(Error::over_quota);
    return verdict;
  }
  if (incoming.replaces) replace(s, *incoming.replaces);
  take_in(incoming, record, verdict.submission.correction, taken_back);
  finish();
  const bool is_front = line_.is_front(s);
  return {VerdictKind::accepted, std::move(s), std::exchange(cancelled_, {}), is_front};
}

// The verdict; of an accepted one the submission says only whether it is a correction.
Verdict Book::decide_on(const NewSubmission& incoming) {
  const Submission& s = incoming.submission;
  // A key that names a record stands for one: that it is gone is damage.
  const auto standing_for = [&](const SubmissionId& id) -> std::optional<Record> {
    auto record = read_record(staging_, id);
    if (!record) staging_.fail(Error::corrupt);
    return record;
  };
  Question question;
  question.fingerprint = s.fingerprint;
  question.on_conflict = incoming.on_conflict;
  question.replaces = incoming.replaces.has_value();
  question.has_idempotency_key = incoming.idempotency_key.has_value();
  if (incoming.idempotency_key) {
    const auto known = read(staging_, Family::idempotency, keys::of(*incoming.idempotency_key), decode_id);
    const auto record = known ? standing_for(*known) : std::nullopt;
    if (record) question.known = Bound{*known, record->submission.fingerprint};
  }
  std::uint64_t place_of_the_replaced = 0;
  if (incoming.replaces && !question.known) {
    auto gone = read_record(staging_, *incoming.replaces);
    if (!gone) return {VerdictKind::not_replaceable, {}};
    const State state = gone->submission.state;
    const bool is_done_for = state == State::rejected || state == State::expired;
    const bool is_ones_own = gone->submission.destination == s.destination && gone->submission.facility == s.facility;
    if (!is_done_for || gone->submission.replaced_by || !is_ones_own) {
      return {VerdictKind::not_replaceable, std::move(gone->submission)};
    }
    place_of_the_replaced = gone->submission.position;
  }
  std::vector<Bound> chain;
  if (s.natural_key && !question.known) {
    auto ids =
        read(staging_, Family::natural, keys::of(*s.natural_key), decode_ids).value_or(std::vector<SubmissionId>{});
    if (incoming.replaces)
      std::erase(ids, *incoming.replaces);  // bound though it ended: who takes its place takes its key
    for (const SubmissionId& id : ids) {
      const bool is_asked_for = !question.has_idempotency_key || id == ids.back();
      const auto record = is_asked_for ? standing_for(id) : std::nullopt;
      chain.push_back({id, record ? record->submission.fingerprint : Digest{}});
      question.taken_since = record && record->submission.position > place_of_the_replaced;
    }
  }
  question.chain = chain;
  const Decision decision = decide(question);
  Verdict verdict{decision.kind, {}};
  verdict.submission.correction = decision.correction;
  if (decision.kind == VerdictKind::accepted) return verdict;
  if (auto existing = standing_for(*decision.existing)) {
    if (decision.bind) {
      write(staging_, Family::idempotency, keys::of(*incoming.idempotency_key), existing->submission.id);
    }
    verdict.submission = std::move(existing->submission);
  }
  return verdict;
}

void Book::replace(Submission& by, const SubmissionId& gone) {
  auto record = read_record(staging_, gone);
  if (!record) return staging_.fail(Error::corrupt);
  const Submission before = record->submission;
  Submission& old = record->submission;
  if (old.state == State::expired && may_have_landed(old)) strike_from_chain(old);  // a person has decided about it
  old.replaced_by = by.id;
  ++old.version;
  write_record(staging_, *record);
  keep_attention(&before, old);
  by.replaces = gone;
  // Who waits for the old one waits for this one. What does not fit any more is left out.
  const auto take_over = [](std::vector<Digest>& to, const std::vector<Digest>& from) {
    for (const Digest& key : from) {
      if (to.size() < most_keys_of_a_record) add_once(to, key);
    }
  };
  take_over(by.provides, old.provides);
  take_over(by.references, old.references);
  if (!by.takes_back) by.takes_back = old.takes_back;
}

void Book::take_in(const NewSubmission& incoming, Record& record, bool correction, bool taken_back) {
  Submission& s = record.submission;
  check(incoming.payload.bytes.size() <= std::numeric_limits<std::uint32_t>::max(), "a payload is at most 4 GiB long");
  std::uint64_t* last = staging_.change(last_position_, decode_number);
  if (last == nullptr) return;
  s.position = ++*last;
  if (!incoming.replaces) s.replaces.reset();
  begin_life(s, now_, correction);
  const std::optional<WallTime> due_at = s.due_at;
  s.due_at.reset();
  if (taken_back) {
    s.outcome_rule = "taken_back";
  } else {
    switch (requirements_.ask(s)) {
      case Requirements::Answer::clear:
        s.due_at = due_at.value_or(s.accepted_at);
        break;
      case Requirements::Answer::pending:
        s.state = State::blocked;
        break;
      case Requirements::Answer::failed:
        if (has_nothing_to_take_back(s)) {
          s.outcome_rule = nothing_to_take_back;
          break;
        }
        s.state = State::held;
        s.held_from = State::blocked;
        s.hold_reason = HoldReason::requirement;
        break;
    }
  }
  const bool is_done = !s.outcome_rule.empty();
  if (is_done) {
    s.state = State::cancelled;
    s.settled_at = now_;
  }
  if (waits_for_a_requirement(s) && requirements_.crowded(s)) return staging_.fail(Error::overloaded);

  record.payload_bytes = static_cast<std::uint32_t>(incoming.payload.bytes.size());
  write_record(staging_, record);
  write(staging_, Family::payload, keys::of(s.id), incoming.payload);
  if (incoming.idempotency_key) write(staging_, Family::idempotency, keys::of(*incoming.idempotency_key), s.id);
  if (s.person) write(staging_, Family::person, keys::person(*s.person, s.id), Mark{});
  tally_.added(record);
  if (is_done) return;
  if (s.natural_key) {
    const Staging::Row row = staging_.row(Family::natural, keys::of(*s.natural_key));
    auto chain = read(staging_, row, decode_ids).value_or(std::vector<SubmissionId>{});
    chain.push_back(s.id);
    write(staging_, row, chain);
  }
  requirements_.provide(s);
  requirements_.changed({}, s);
  keep_attention(nullptr, s);
  line_.enter(s);
}

Applied Book::put_object(const PutObject& put) {
  std::string key = keys::object(put.kind, put.name);
  const auto current = read(staging_, Family::object, key, decode_object);
  const std::uint64_t version = current ? current->version : 0;
  if (put.expected_version && *put.expected_version != version) return Applied::stale;
  if (put.bytes.empty()) {
    staging_.erase(Family::object, std::move(key));
  } else {
    write(staging_, Family::object, std::move(key), Object{version + 1, put.bytes});
  }
  return Applied::yes;
}

}  // namespace titip::storage
