#include "gateway/intake/intake.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/intake/idempotency_key.h"
#include "storage/persons.h"

namespace titip::intake {
namespace {

using metrics::IntakeProbes;
using storage::Digest;
using storage::Sealer;
using storage::Verdict;
using storage::VerdictKind;

constexpr std::size_t differences_named = 20;
constexpr int soon_s = 5;
constexpr int later_s = 60;

std::string sha256_hex(std::string_view bytes) {
  // Fetched once: looking an algorithm up by its name costs as much as hashing a kilobyte. Never freed: it is the
  // program's.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, 32> digest{};
  if (sha256 == nullptr || EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256, nullptr) != 1) {
    std::abort();  // an OpenSSL without SHA-256 is none
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const auto byte : digest) text += {digits[byte >> 4U], digits[byte & 15U]};
  return text;
}

// A list of values as one string in which no two lists look alike.
std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text.append(std::to_string(value.size())).append(":").append(value).append(",");
  return text;
}

Digest fingerprint_of(const Sealer& sealer, const Arrival& arrival) {
  std::vector<std::string> parameters;
  for (const auto& [name, value] : arrival.parameters) parameters.push_back(name + "=" + value);
  return sealer.keyed_hash("fingerprint", {arrival.method, arrival.route->id, joined(parameters), arrival.body});
}

Refused from_faults(std::vector<FieldFault> faults) {
  return {422, "invalid-submission", "The submission cannot be taken as it is.", std::move(faults), 0, {}};
}

Refused from_error(storage::Error error, const storage::Health& health) {
  if (error == storage::Error::overloaded)
    return {503, "overloaded", "Too many submissions at once; nothing was stored. Send it again in a moment.",
            {},  soon_s,       {}};
  if (error == storage::Error::too_late)
    return {503, "too-late", "The gateway could not store this in time; nothing was stored. Send it again in a moment.",
            {},  soon_s,     {}};
  if (error == storage::Error::corrupt)
    return {503,
            "record-damaged",
            "What is kept of this record or of what stands before it is damaged; nothing was stored. The gateway's "
            "operator must look into it (titip verify).",
            {},
            later_s,
            {}};
  if (health.disk_low)
    return {507, "storage-full", "The gateway's disk is nearly full; nothing was stored. Its operator must make room.",
            {},  later_s,        {}};
  return {503,
          "store-unavailable",
          "The gateway cannot store anything now; nothing was stored. Send it again later.",
          {},
          soon_s,
          {}};
}

// Why a replay cannot show more than its receipt.
std::string note_on_erased(const storage::Submission& original) {
  if (!original.content_erased) return {};
  switch (original.state) {
    case storage::State::delivered:
      return "This submission was delivered; its content and the national answer have been erased since.";
    case storage::State::cancelled:
      return "This submission was cancelled and its content erased; it will not be sent.";
    default:
      return fmt::format("This submission ended as {}; its content has been erased since.",
                         storage::name(original.state));
  }
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
  return IntakeProbes::Verdict::refused;
}

}  // namespace

struct Intake::Pending {
  Arrival arrival;
  std::move_only_function<void(Answer)> answer;
};

std::optional<Refused> Intake::admission() const {
  if (doors_.store.takes_accepts()) return std::nullopt;
  return from_error(storage::Error::unavailable, doors_.store.health());
}

const std::vector<std::string>& Intake::pointers_of(const profile::Route& route) {
  const auto [known, is_new] = pointers_.try_emplace(&route);
  if (is_new) known->second = identity_pointers(route);
  return known->second;
}

// Everything that can be decided without the store: identity, keys, fingerprint, sealing.
std::optional<storage::NewSubmission> Intake::prepare(Arrival& arrival, Refused& refused) {
  const auto& route = *arrival.route;
  if (arrival.body.size() > route.max_body_bytes) {
    refused = {413, "body-too-large", fmt::format("The body is larger than {} bytes.", route.max_body_bytes), {}, 0,
               {}};
    return std::nullopt;
  }
  std::optional<std::string> client_key;
  if (!arrival.idempotency_key.empty()) {
    auto parsed = parse_idempotency_key(arrival.idempotency_key);
    if (!parsed) {
      refused = {400, "idempotency-key", parsed.error(), {}, 0, {}};
      return std::nullopt;
    }
    client_key = std::move(*parsed);
  }
  auto identity = read_identity(
      {route, pointers_of(route), arrival.body, arrival.parameters, arrival.facility, arrival.profile->date_format});
  if (!identity) {
    auto& faults = identity.error().faults;
    refused = identity.error().is_json ? from_faults(std::move(faults))
                                       : Refused{400, "malformed-json", faults.front().sentence, {}, 0, {}};
    return std::nullopt;
  }

  const auto& sealer = doors_.sealer;
  const auto now = doors_.clock.wall();
  storage::NewSubmission made;
  auto& submission = made.submission;
  submission.id = storage::SubmissionId::make(now);
  submission.destination = arrival.destination;
  submission.facility = arrival.facility;
  submission.route = route.id;
  submission.profile_version = arrival.profile->version;
  submission.channel = std::string(arrival.channel);
  submission.receipt = storage::SubmissionId::make(now).text().substr(13);  // the random half: 65 bits
  submission.accepted_at = now;
  // A day that is over already is nothing to hurry for.
  if (route.deadline) submission.deadline = clock::end_of_day(identity->business_date, arrival.profile->utc_offset);
  if (submission.deadline && *submission.deadline < now) submission.deadline.reset();
  submission.ordering_key =
      sealer.keyed_hash("ordering", {arrival.destination, arrival.facility, joined(identity->ordering)});
  // The order is kept by person, so its identity names one. A single value (a NIK) is hashed bare: whoever searches,
  // exports or erases by it knows nothing else.
  const auto& person = identity->ordering;
  if (!person.empty()) {
    submission.person = storage::person_hash(sealer, person.size() == 1 ? person.front() : joined(person));
  }
  submission.fingerprint = fingerprint_of(sealer, arrival);
  if (identity->natural) {
    submission.natural_key =
        sealer.keyed_hash("natural", {arrival.destination, arrival.facility, route.id, joined(*identity->natural)});
  }
  if (client_key)
    made.idempotency_key = sealer.keyed_hash("idempotency", {arrival.destination, arrival.facility, *client_key});
  made.on_conflict = route.on_conflict == profile::OnConflict::queue_behind ? storage::OnConflict::queue_behind
                                                                            : storage::OnConflict::refuse;
  auto data_key = sealer.new_data_key(submission.id);
  submission.wrapped_key = std::move(data_key.wrapped);
  made.payload = sealer.seal(data_key.key, submission.id, "payload",
                             encode(storage::Payload{arrival.method, arrival.target, arrival.content_type, arrival.body,
                                                     arrival.credentials}));
  return made;
}

void Intake::take(Arrival arrival, std::move_only_function<void(Answer)> answer) {
  const auto answer_by = doors_.clock.steady() + doors_.answer_within;
  if (auto refused = admission()) {
    doors_.probes.received(arrival.channel, IntakeProbes::Verdict::refused);
    return answer(std::move(*refused));
  }
  Refused refused;
  auto made = prepare(arrival, refused);
  if (!made) {
    doors_.probes.received(arrival.channel, IntakeProbes::Verdict::invalid);
    return answer(std::move(refused));
  }
  made->answer_by = answer_by;
  auto pending = std::make_shared<Pending>(Pending{std::move(arrival), std::move(answer)});
  std::vector<storage::NewSubmission> batch;
  batch.push_back(std::move(*made));
  doors_.store.accept(std::move(batch), doors_.home, [this, pending](storage::Result<std::vector<Verdict>> verdicts) {
    if (verdicts) return decide(pending, std::move(verdicts->front()));
    doors_.probes.received(pending->arrival.channel, counted(verdicts.error()));
    if (verdicts.error() == storage::Error::in_doubt) return pending->answer(InDoubt{});
    pending->answer(from_error(verdicts.error(), doors_.store.health()));
  });
}

void Intake::decide(std::shared_ptr<Pending> pending, Verdict verdict) {
  doors_.probes.received(pending->arrival.channel, counted(verdict.kind));
  switch (verdict.kind) {
    case VerdictKind::accepted:
      return pending->answer(
          InCustody{std::move(verdict.submission), false, sha256_hex(pending->arrival.body), {}, {}});
    case VerdictKind::replayed:
      return answer_replay(std::move(pending), std::move(verdict.submission));
    case VerdictKind::key_reused:
    case VerdictKind::conflict:
    case VerdictKind::not_replaceable:  // nothing that comes in by the front replaces anything
      return answer_conflict(std::move(pending), std::move(verdict));
  }
}

// A replay is answered with the current truth: the national answer once there is one, else the same receipt.
void Intake::answer_replay(std::shared_ptr<Pending> pending, storage::Submission original) {
  InCustody custody{original, true, sha256_hex(pending->arrival.body), {}, note_on_erased(original)};
  if (!storage::is_terminal(original.state) || original.content_erased) return pending->answer(std::move(custody));
  doors_.store.load({{original.id, false, true, false}}, doors_.home,
                    [this, pending, custody = std::move(custody)](auto loaded) mutable {
                      if (loaded && loaded->front() && !loaded->front()->reply.empty()) {
                        const auto& submission = loaded->front()->submission;
                        const auto key = doors_.sealer.unwrap(submission.id, submission.wrapped_key);
                        const auto plain =
                            key ? doors_.sealer.open(*key, submission.id, "reply", loaded->front()->reply)
                                : std::nullopt;
                        if (plain) custody.national = storage::decode_kept_reply(*plain);
                      }
                      if (loaded && loaded->front()) custody.note = note_on_erased(loaded->front()->submission);
                      pending->answer(std::move(custody));
                    });
}

// Says what differs: the route, or the places in the body. Names of places only; the values are a person's.
void Intake::answer_conflict(std::shared_ptr<Pending> pending, Verdict verdict) {
  const bool reused = verdict.kind == VerdictKind::key_reused;
  Refused refused;
  refused.status = reused ? 422 : 409;
  refused.type = reused ? "idempotency-key-reused" : "record-exists";
  refused.title = reused ? "This Idempotency-Key was used for another submission; use a new key for a new submission."
                         : "This record is already in custody with other values.";
  const auto id = verdict.submission.id;
  refused.submission = id.text();
  if (verdict.submission.route != pending->arrival.route->id) {
    refused.errors.push_back({"", fmt::format("The earlier submission went to {}.", verdict.submission.route)});
    return pending->answer(std::move(refused));
  }
  doors_.store.load(
      {{id, true, false, false}}, doors_.home, [this, pending, refused = std::move(refused)](auto loaded) mutable {
        if (loaded && loaded->front()) {
          const auto& found = *loaded->front();
          if (found.submission.content_erased) {
            refused.errors.push_back({"",
                                      "The content of the earlier submission has been erased, so what differs "
                                      "cannot be named."});
            return pending->answer(std::move(refused));
          }
          const auto key = doors_.sealer.unwrap(found.submission.id, found.submission.wrapped_key);
          const auto plain =
              key ? doors_.sealer.open(*key, found.submission.id, "payload", found.payload) : std::nullopt;
          const auto payload = plain ? storage::decode_payload(*plain) : std::nullopt;
          const auto before = payload ? parse_body(payload->body) : parse_body("null");
          const auto now = parse_body(pending->arrival.body);
          if (payload && before && now)
            for (auto& place : differing_places(*before, *now, differences_named))
              refused.errors.push_back({std::move(place), "differs from the earlier submission"});
          if (payload && payload->target != pending->arrival.target)
            refused.errors.push_back({"", "The path differs from the earlier submission."});
        }
        pending->answer(std::move(refused));
      });
}

}  // namespace titip::intake
