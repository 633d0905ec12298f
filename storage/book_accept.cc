#include <algorithm>
#include <limits>
#include <utility>

#include "storage/book.h"
#include "storage/check.h"
#include "storage/keys.h"
#include "storage/tables.h"
#include "storage/verdict.h"

namespace titip::storage {

void Book::foresee(const NewSubmission& incoming) {
  const Submission& s = incoming.submission;
  staging_.want(Family::meta, keys::of(s.id));
  if (incoming.idempotency_key) staging_.want(Family::idempotency, keys::of(*incoming.idempotency_key));
  if (s.natural_key) staging_.want(Family::natural, keys::of(*s.natural_key));
  staging_.want(Family::head, keys::of(s.ordering_key));
  staging_.want(Family::counts, keys::destination_counts(s.destination));
  staging_.want(Family::counts, keys::lane_count(lane_of(s)));
}

Verdict Book::accept(NewSubmission incoming) {
  const Submission& s = incoming.submission;
  if (auto same = read_record(staging_, s.id)) return {VerdictKind::replayed, std::move(same->submission)};

  Question question;
  question.fingerprint = s.fingerprint;
  question.on_conflict = incoming.on_conflict;
  question.has_idempotency_key = incoming.idempotency_key.has_value();
  if (incoming.idempotency_key) {
    question.known = read(staging_, Family::idempotency, keys::of(*incoming.idempotency_key), decode_bound);
  }
  std::vector<Bound> chain;
  if (s.natural_key) {
    chain = read(staging_, Family::natural, keys::of(*s.natural_key), decode_chain).value_or(std::vector<Bound>{});
  }
  question.chain = chain;
  const Decision decision = decide(question);
  if (decision.kind == VerdictKind::accepted) {
    take_in(incoming, decision.correction);
    return {VerdictKind::accepted, std::move(incoming.submission)};
  }

  auto existing = read_record(staging_, *decision.existing);
  if (!existing) {  // a key that names a record stands for one
    staging_.fail(Error::corrupt);
    return {decision.kind, {}};
  }
  if (decision.bind) {
    staging_.put(Family::idempotency, keys::of(*incoming.idempotency_key),
                 encode(Bound{existing->submission.id, s.fingerprint}));
  }
  return {decision.kind, std::move(existing->submission)};
}

void Book::take_in(NewSubmission& incoming, bool correction) {
  Submission& s = incoming.submission;
  check(incoming.payload.bytes.size() <= std::numeric_limits<std::uint32_t>::max(), "a payload is at most 4 GiB long");
  const std::uint64_t last = read(staging_, Family::info, keys::last_position, decode_number).value_or(0);
  s.position = last + 1;
  s.version = 1;
  s.state = State::queued;
  s.held_from = State::queued;
  s.hold_reason = HoldReason::none;
  s.correction = correction;
  if (s.accepted_at == WallTime{}) s.accepted_at = now_;
  if (!s.due_at) s.due_at = s.accepted_at;
  s.settled_at.reset();
  s.unknown_since.reset();
  s.attempts = s.backoff_steps = s.unknown_attempts = s.probes = 0;
  s.outcome_rule.clear();

  const Record record{s, static_cast<std::uint32_t>(incoming.payload.bytes.size()), 0};
  staging_.put(Family::info, std::string(keys::last_position), encode(s.position));
  write_record(staging_, record);
  staging_.put(Family::payload, keys::of(s.id), encode(incoming.payload));
  const Bound bound{s.id, s.fingerprint};
  if (incoming.idempotency_key) staging_.put(Family::idempotency, keys::of(*incoming.idempotency_key), encode(bound));
  if (s.natural_key) {
    const std::string key = keys::of(*s.natural_key);
    auto chain = read(staging_, Family::natural, key, decode_chain).value_or(std::vector<Bound>{});
    chain.push_back(bound);
    staging_.put(Family::natural, key, encode(chain));
  }
  line_.enter(s);

  const std::string counts_key = keys::destination_counts(s.destination);
  auto counts = read(staging_, Family::counts, counts_key, decode_counts).value_or(DestinationCounts{});
  ++counts.accepted;
  ++counts.by_state[static_cast<std::size_t>(s.state)];
  counts.payload_bytes_pending += record.payload_bytes;
  staging_.put(Family::counts, counts_key, encode(counts));
}

Applied Book::put_object(PutObject put) {
  const std::string key = keys::object(put.kind, put.name);
  const auto current = read(staging_, Family::object, key, decode_object);
  const std::uint64_t version = current ? current->version : 0;
  if (put.expected_version && *put.expected_version != version) return Applied::stale;
  if (put.bytes.empty()) {
    staging_.erase(Family::object, key);
  } else {
    staging_.put(Family::object, key, encode(Object{version + 1, std::move(put.bytes)}));
  }
  return Applied::yes;
}

}  // namespace titip::storage
