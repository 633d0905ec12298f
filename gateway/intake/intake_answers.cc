// What a clinic is told of a record that is in custody already, or has been settled while it waited; and what stands in
// the way of one that is not.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/intake/pending.h"

namespace titip::intake {
namespace {

using storage::Verdict;
using storage::VerdictKind;

constexpr std::size_t differences_named = 20;

// Why a replay cannot show more than its receipt.
words::Said note_on_erased(const storage::Submission& original) {
  if (!original.content_erased) return {};
  switch (original.state) {
    case storage::State::delivered:
      return words::text("This submission was delivered; its content and the national answer have been erased since.");
    case storage::State::cancelled:
      return words::text("This submission was cancelled and its content erased; it will not be sent.");
    default:
      return words::said("This submission ended as {}; its content has been erased since.",
                         storage::name(original.state));
  }
}

// The server knows it already, from an attempt of ours that it did not answer: it is delivered, and "already entered"
// would mislead a clinic that entered it once.
bool is_own_echo(const profile::Profile& profile, const storage::Submission& record) {
  if (record.unknown_attempts == 0) return false;
  const auto rule = std::ranges::find(profile.rules, record.outcome_rule, &profile::OutcomeRule::id);
  return rule != profile.rules.end() && rule->outcome == profile::RuleOutcome::duplicate;
}

}  // namespace

std::optional<storage::KeptReply> Intake::opened_reply(const storage::Loaded& loaded) const {
  if (loaded.reply.empty()) return std::nullopt;
  const auto& record = loaded.submission;
  const auto key = doors_.sealer.unwrap(record.id, record.wrapped_key);
  const auto plain = key ? doors_.sealer.open(*key, record.id, "reply", loaded.reply) : std::nullopt;
  return plain ? storage::decode_kept_reply(*plain) : std::nullopt;
}

std::optional<storage::Payload> Intake::opened_payload(const storage::Loaded& loaded) const {
  const auto& record = loaded.submission;
  const auto key = doors_.sealer.unwrap(record.id, record.wrapped_key);
  const auto plain = key ? doors_.sealer.open(*key, record.id, "payload", loaded.payload) : std::nullopt;
  return plain ? storage::decode_payload(*plain) : std::nullopt;
}

// While the clinic waited. The settlement is durable: the store tells of no other.
void Intake::answer_settled(const PendingPtr& pending, InCustody custody) {
  const auto id = custody.submission.id;
  const auto& profile = *pending->arrival.profile;
  const auto tell = [this](Pending& to, InCustody given) {
    doors_.probes.told(given.national ? Told::relayed : Told::settled, doors_.clock.steady() - to.arrived);
    to.answer(std::move(given));
  };
  const bool has_reply =
      custody.submission.state == storage::State::delivered || custody.submission.state == storage::State::rejected;
  if (!has_reply || custody.submission.content_erased || is_own_echo(profile, custody.submission))
    return tell(*pending, std::move(custody));
  doors_.store.load({{id, false, true, false}}, doors_.home,
                    [this, pending, tell, custody = std::move(custody)](auto loaded) mutable {
                      if (loaded && loaded->front()) custody.national = opened_reply(*loaded->front());
                      tell(*pending, std::move(custody));
                    });
}

// A replay is answered with the current truth: the national answer once there is one, else the same receipt, with the
// same provisional numbers.
void Intake::answer_replay(const PendingPtr& pending, const storage::Submission& original) {
  InCustody custody{original, true, std::move(pending->arrival.body), {}, note_on_erased(original)};
  custody.preference = pending->preference.applied;
  custody.quoted = pending->quoted();
  const bool gives_numbers = !original.references.empty();
  const bool wants_reply = storage::is_terminal(original.state) && !is_own_echo(*pending->arrival.profile, original);
  if (original.content_erased && gives_numbers) return answer_with_real_numbers(pending, std::move(custody));
  if (original.content_erased || (!wants_reply && !gives_numbers)) return pending->answer(std::move(custody));
  doors_.store.load({{original.id, gives_numbers, wants_reply, false}}, doors_.home,
                    [this, pending, gives_numbers, custody = std::move(custody)](auto loaded) mutable {
                      if (!loaded || !loaded->front()) return pending->answer(std::move(custody));
                      const auto& found = *loaded->front();
                      custody.note = note_on_erased(found.submission);
                      custody.national = opened_reply(found);
                      const auto payload = gives_numbers ? opened_payload(found) : std::nullopt;
                      if (payload) custody.numbers = {payload->provisional.begin(), payload->provisional.end()};
                      if (gives_numbers && !payload && !custody.national)
                        return answer_with_real_numbers(pending, std::move(custody));
                      pending->answer(std::move(custody));
                    });
}

// Its content has been erased, and the provisional numbers with it; the real ones outlive that.
void Intake::answer_with_real_numbers(const PendingPtr& pending, InCustody custody) {
  auto keys = custody.submission.references;
  doors_.store.references(
      std::move(keys), doors_.home, [this, pending, custody = std::move(custody)](const auto& found) mutable {
        const auto& yields = pending->arrival.route->yields;  // their keys come first, in this order
        for (std::size_t at = 0; found && at < std::min(found->size(), yields.size()); ++at) {
          const auto& number = (*found)[at];
          if (!number || number->value.empty()) continue;
          const auto key = doors_.sealer.unwrap(number->origin, number->origin_wrapped_key);
          auto plain = key ? doors_.sealer.open(*key, number->origin, "reference", number->value) : std::nullopt;
          if (plain) custody.numbers.emplace(yields[at].reference, *std::move(plain));
        }
        pending->answer(std::move(custody));
      });
}

// Says what differs: the route, or the places in the body. Names of places only; the values are a person's.
void Intake::answer_conflict(const PendingPtr& pending, const Verdict& verdict) {
  const bool reused = verdict.kind == VerdictKind::key_reused;
  Refused refused;
  refused.status = reused ? 422 : 409;
  refused.type = reused ? "idempotency-key-reused" : "record-exists";
  refused.title =
      reused ? words::text("This Idempotency-Key was used for another submission; use a new key for a new submission.")
             : words::text("This record is already in custody with other values.");
  const auto id = verdict.submission.id;
  refused.submission = id.text();
  if (verdict.submission.route != pending->arrival.route->id) {
    refused.errors.push_back({"", words::said("The earlier submission went to {}.", verdict.submission.route)});
    return pending->answer(std::move(refused));
  }
  doors_.store.load(
      {{id, true, false, false}}, doors_.home, [this, pending, refused = std::move(refused)](auto loaded) mutable {
        if (loaded && loaded->front()) {
          const auto& found = *loaded->front();
          if (found.submission.content_erased) {
            refused.errors.push_back(
                {"", words::text("The content of the earlier submission has been erased, so what differs "
                                 "cannot be named.")});
            return pending->answer(std::move(refused));
          }
          const auto payload = opened_payload(found);
          const auto before = payload ? parse_body(payload->body) : parse_body("null");
          const auto now = parse_body(pending->arrival.body);
          if (payload && before && now)
            for (auto& place : differing_places(*before, *now, differences_named))
              refused.errors.push_back({std::move(place), words::text("differs from the earlier submission")});
          if (payload && payload->target != pending->arrival.target)
            refused.errors.push_back({"", words::text("The path differs from the earlier submission.")});
        }
        pending->answer(std::move(refused));
      });
}

}  // namespace titip::intake
