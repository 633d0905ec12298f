#include "gateway/intake/intake.h"

#include <random>
#include <span>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/intake/idempotency_key.h"
#include "gateway/intake/pending.h"

namespace titip::intake {
namespace {

using metrics::IntakeProbes;
using storage::Verdict;
using storage::VerdictKind;

constexpr int soon_s = 5;
constexpr int later_s = 60;
constexpr int most_tries = 20;   // to find a provisional number that is free
constexpr int plain_tries = 10;  // then the digits are as good as used up

Refused from_faults(std::vector<FieldFault> faults) {
  return {422, "invalid-submission", words::text("The submission cannot be taken as it is."), std::move(faults), 0, {}};
}

Refused from_error(storage::Error error, const storage::Health& health) {
  if (error == storage::Error::overloaded)
    return {
        503, "overloaded", words::text("Too many submissions at once; nothing was stored. Send it again in a moment."),
        {},  soon_s,       {}};
  if (error == storage::Error::too_late)
    return {503,
            "too-late",
            words::text("The gateway could not store this in time; nothing was stored. Send it again in a moment."),
            {},
            soon_s,
            {}};
  if (error == storage::Error::over_quota)
    return {
        429,
        "too-many-pending",
        words::text("As many records of your facility wait as may; all of them are safe, and this one was not stored. "
                    "Send it again later; the gateway's operator can raise the limit."),
        {},
        later_s,
        {}};
  if (error == storage::Error::corrupt)
    return {503,
            "record-damaged",
            words::text(
                "What is kept of this record or of what stands before it is damaged; nothing was stored. The gateway's "
                "operator must look into it (titip verify)."),
            {},
            later_s,
            {}};
  if (health.disk_low)
    return {507,
            "storage-full",
            words::text("The gateway's disk is nearly full; nothing was stored. Its operator must make room."),
            {},
            later_s,
            {}};
  return {503,
          "store-unavailable",
          words::text("The gateway cannot store anything now; nothing was stored. Send it again later."),
          {},
          soon_s,
          {}};
}

IntakeProbes::Verdict counted(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::accepted:
      return IntakeProbes::Verdict::accepted;
    case VerdictKind::replayed:
      return IntakeProbes::Verdict::replayed;
    case VerdictKind::key_reused:
    case VerdictKind::conflict:
    case VerdictKind::not_replaceable:
      break;
  }
  return IntakeProbes::Verdict::conflict;
}

IntakeProbes::Verdict counted(storage::Error error) {
  if (error == storage::Error::overloaded) return IntakeProbes::Verdict::overloaded;
  if (error == storage::Error::too_late) return IntakeProbes::Verdict::too_late;
  if (error == storage::Error::over_quota) return IntakeProbes::Verdict::over_quota;
  return IntakeProbes::Verdict::refused;
}

std::function<std::uint64_t()> or_own(std::function<std::uint64_t()> random) {
  if (random) return random;
  return [generator = std::mt19937_64(std::random_device{}())]() mutable { return generator(); };
}

}  // namespace

Intake::Intake(IntakeDoors doors)
    : doors_(std::move(doors)),
      receipts_(doors_.sealer, storage::receipt_domain),
      awaiting_({doors_.store, doors_.home, doors_.clock, doors_.timers}, doors_.awaiting) {
  doors_.random = or_own(std::move(doors_.random));
}

void Intake::refuse(const PendingPtr& pending, IntakeProbes::Verdict counted, Refused refused) {
  doors_.probes.received(pending->arrival.channel, counted);
  pending->answer(std::move(refused));
}

std::optional<Refused> Intake::admission() const {
  if (doors_.store.takes_accepts()) return std::nullopt;
  return from_error(storage::Error::unavailable, doors_.store.health());
}

const std::vector<std::string>& Intake::pointers_of(const profile::Route& route) {
  const auto [known, is_new] = pointers_.try_emplace(&route);
  if (is_new) known->second = identity_pointers(route);
  return known->second;
}

// Everything that can be decided without the store.
std::optional<Refused> Intake::read(Pending& pending) {
  const auto& arrival = pending.arrival;
  const auto& route = *arrival.route;
  if (arrival.body.size() > route.max_body_bytes)
    return Refused{413, "body-too-large", words::said("The body is larger than {} bytes.", route.max_body_bytes), {}, 0,
                   {}};
  if (!arrival.idempotency_key.empty()) {
    auto parsed = parse_idempotency_key(arrival.idempotency_key);
    if (!parsed) return Refused{400, "idempotency-key", parsed.error(), {}, 0, {}};
    pending.draft.client_key = std::move(*parsed);
  }
  pending.preference = parse_prefer(arrival.prefer);
  auto identity = read_identity(
      {route, pointers_of(route), arrival.body, arrival.parameters, arrival.facility, arrival.profile->date_format});
  if (!identity && !identity.error().is_json)
    return Refused{400, "malformed-json", identity.error().faults.front().sentence, {}, 0, {}};
  if (!identity) return from_faults(std::move(identity.error().faults));
  pending.draft.identity = std::move(*identity);
  pending.draft.quoted_keys = keys_of_quotes(doors_.sealer, pending.space(), pending.draft.identity.chain);
  return std::nullopt;
}

void Intake::take(Arrival arrival, std::move_only_function<void(Answer)> answer) {
  const auto pending = std::make_shared<Pending>(std::move(arrival), std::move(answer), doors_.clock.steady());
  if (auto refused = admission()) return refuse(pending, IntakeProbes::Verdict::refused, std::move(*refused));
  if (auto refused = read(*pending)) return refuse(pending, IntakeProbes::Verdict::invalid, std::move(*refused));
  const auto& chain = pending->draft.identity.chain;
  if (chain.quotes.empty() && chain.yields.empty()) return accept(pending);
  look_up(pending);
}

// A provisional number for each that is to be yielded, which nobody else is about to be given. False: none is to be
// had.
bool Intake::make_numbers(Pending& pending) {
  auto& draft = pending.draft;
  const auto& profile = *pending.arrival.profile;
  const bool dated = profile::is_date(profile::DateFormat::year_first, draft.identity.business_date);
  const auto date = dated ? draft.identity.business_date : clock::local_date(doors_.clock.wall(), profile.utc_offset);
  draft.made.clear();
  pending.held.clear();
  for (const auto& yielded : draft.identity.chain.yields) {
    bool taken = false;
    while (!taken && pending.tries++ < most_tries) {
      const auto filled = pending.tries > plain_tries ? profile::Filled::letters_too : profile::Filled::digits;
      auto made = make_number(doors_.sealer, pending.space(), profile, yielded, date, doors_.random(), filled);
      taken = doors_.made_numbers->take(made.key);
      if (!taken) continue;
      pending.held.emplace_back(*doors_.made_numbers, made.key);
      draft.made.push_back(std::move(made));
    }
    if (!taken) return false;
  }
  return true;
}

// What the store knows of the numbers that are quoted, and whether those that were made are free.
void Intake::look_up(const PendingPtr& pending) {
  if (!make_numbers(*pending))
    return refuse(
        pending, IntakeProbes::Verdict::overloaded,
        {503,
         "numbers-exhausted",
         words::text("No provisional number is free for this record; nothing was stored. Send it again in a moment."),
         {},
         soon_s,
         {}});
  auto keys = pending->draft.quoted_keys;
  for (const auto& made : pending->draft.made) keys.push_back(made.key);
  doors_.store.references(std::move(keys), doors_.home, [this, pending](const auto& found) {
    if (found) return looked_up(pending, *found);
    refuse(pending, counted(found.error()), from_error(found.error(), doors_.store.health()));
  });
}

void Intake::looked_up(const PendingPtr& pending, const std::vector<std::optional<storage::Reference>>& found) {
  auto& draft = pending->draft;
  const std::span all(found);
  const auto quotes = draft.quoted_keys.size();
  for (const auto& made : all.subspan(quotes))
    if (made) return look_up(pending);  // somebody was given that number before
  draft.quoted = judge_quotes(*pending->arrival.profile, *pending->arrival.route, draft.identity.chain,
                              draft.quoted_keys, all.first(quotes));
  if (!draft.quoted.unknown.empty())
    return refuse(pending, IntakeProbes::Verdict::invalid,
                  {412,
                   "unknown-reference",
                   words::text("The submission quotes a number that is not known."),
                   std::move(draft.quoted.unknown),
                   0,
                   {}});
  if (draft.quoted.ordering_from) return join_line_of(pending, *draft.quoted.ordering_from);
  accept(pending);
}

// Its person and its order are those of the record whose number it quotes.
void Intake::join_line_of(const PendingPtr& pending, const storage::SubmissionId& origin) {
  doors_.store.load({{origin, false, false, false}}, doors_.home, [this, pending](auto loaded) {
    if (!loaded) return refuse(pending, counted(loaded.error()), from_error(loaded.error(), doors_.store.health()));
    if (loaded->front()) pending->draft.origin = std::move(loaded->front()->submission);
    accept(pending);
  });
}

void Intake::accept(const PendingPtr& pending) {
  const auto now = doors_.clock.wall();
  std::vector<storage::NewSubmission> batch;
  batch.push_back(make_submission(doors_.sealer, receipts_, pending->arrival, pending->draft, now));
  batch.front().answer_by = pending->arrived + doors_.answer_within;
  const auto& arrival = pending->arrival;
  batch.front().beyond_quota =
      arrival.most_pending > 0 && doors_.store.pending_of(arrival.facility) >= arrival.most_pending;
  doors_.store.accept(std::move(batch), doors_.home, [this, pending](storage::Result<std::vector<Verdict>>&& verdicts) {
    pending->held.clear();  // from now on the store knows
    if (verdicts) return decide(pending, std::move(verdicts->front()));
    if (verdicts.error() != storage::Error::in_doubt)
      return refuse(pending, counted(verdicts.error()), from_error(verdicts.error(), doors_.store.health()));
    doors_.probes.received(pending->arrival.channel, counted(verdicts.error()));
    pending->answer(InDoubt{});
  });
}

void Intake::decide(const PendingPtr& pending, Verdict&& verdict) {
  doors_.probes.received(pending->arrival.channel, counted(verdict.kind));
  switch (verdict.kind) {
    case VerdictKind::accepted:
      return await(pending, std::move(verdict));
    case VerdictKind::replayed:
      return answer_replay(pending, verdict.submission);
    case VerdictKind::key_reused:
    case VerdictKind::conflict:
    case VerdictKind::not_replaceable:  // nothing that comes in by the front replaces anything
      return answer_conflict(pending, verdict);
  }
}

// Why the answer does not wait for the national one; nothing: it does.
std::optional<Intake::Told> Intake::why_at_once(const Pending& pending, const Verdict& verdict) const {
  const auto& record = verdict.submission;
  if (storage::is_terminal(record.state)) return Told::settled;  // taken back
  if (pending.preference.wait == std::chrono::milliseconds(0)) return Told::not_wanted;
  const auto standing = doors_.standing ? doors_.standing(record.destination, record.facility) : Standing::down;
  if (standing != Standing::served) return standing == Standing::down ? Told::down : Told::gated;
  if (!verdict.is_front || record.state != storage::State::queued) return Told::behind;
  if (!awaiting_.has_room()) return Told::crowded;
  return std::nullopt;
}

// The answer by health: the national one where it is likely to come in time, the acknowledgement else.
void Intake::await(const PendingPtr& pending, Verdict&& verdict) {
  const auto why = why_at_once(*pending, verdict);
  InCustody custody{std::move(verdict.submission), false, std::move(pending->arrival.body), {}};
  custody.cancelled = std::move(verdict.cancelled);
  custody.preference = pending->preference.applied;
  for (const auto& made : pending->draft.made) custody.numbers.emplace(made.reference, made.number);
  custody.quoted = pending->quoted();
  if (why) {
    doors_.probes.told(*why, {});
    return pending->answer(std::move(custody));
  }
  const auto until = pending->arrived + pending->preference.wait.value_or(doors_.answer_within);
  const auto record = custody.submission;
  awaiting_.settlement(record, until, [this, pending, custody = std::move(custody)](Awaiting::End end) mutable {
    if (end.record) {
      custody.submission = std::move(*end.record);
      return answer_settled(pending, std::move(custody));
    }
    doors_.probes.told(end.why, {});
    pending->answer(std::move(custody));
  });
}

}  // namespace titip::intake
