#include "gateway/intake/make_submission.h"

#include "gateway/clock/local_date.h"
#include "storage/persons.h"

namespace titip::intake {
namespace {

static_assert(profile::most_keys_of_a_route <= storage::most_keys_of_a_record, "the store aborts beyond");

using storage::Digest;
using storage::joined;
using storage::Sealer;

// A provisional number and the real one are the same thing, so neither is in it where it is quoted.
Digest fingerprint_of(const Sealer& sealer, const Arrival& arrival, const Origins& origins) {
  const auto hash = [&](const auto& named, std::string_view body) {
    std::vector<std::string> parameters;
    for (const auto& [name, value] : named) parameters.push_back(name + "=" + value);
    return sealer.keyed_hash("fingerprint", {arrival.method, arrival.route->id, joined(parameters), body});
  };
  if (origins.empty()) return hash(arrival.parameters, arrival.body);
  return hash(canonical_parameters(arrival.parameters, origins), canonical_body(arrival.body, origins));
}

void place(const Sealer& sealer, const Arrival& arrival, const Draft& draft, storage::Submission& submission) {
  if (draft.origin) {
    submission.ordering_key = draft.origin->ordering_key;
    submission.person = draft.origin->person;
    return;
  }
  const auto& person = draft.identity.ordering;
  submission.ordering_key = sealer.keyed_hash("ordering", {arrival.destination, arrival.facility, joined(person)});
  // The order is kept by person, so its identity names one. A single value (a NIK) is hashed bare: whoever searches,
  // exports or erases by it knows nothing else.
  if (!person.empty()) {
    submission.person = storage::person_hash(sealer, person.size() == 1 ? person.front() : joined(person));
  }
}

}  // namespace

storage::NewSubmission make_submission(const Sealer& sealer, const storage::Veil& receipts, const Arrival& arrival,
                                       const Draft& draft, clock::WallTime now) {
  const auto& route = *arrival.route;
  const auto& chain = draft.identity.chain;
  const storage::KeySpace space{arrival.destination, arrival.facility};
  storage::NewSubmission made;
  auto& submission = made.submission;
  submission.id = storage::SubmissionId::make(now);
  submission.destination = arrival.destination;
  submission.facility = arrival.facility;
  submission.route = route.id;
  submission.profile_version = arrival.profile->version;
  submission.channel = std::string(arrival.channel);
  submission.receipt = receipts.over(submission.id).text();
  submission.accepted_at = now;
  // A day that is over already is nothing to hurry for.
  if (route.deadline)
    submission.deadline = clock::end_of_day(draft.identity.business_date, arrival.profile->utc_offset);
  if (submission.deadline && *submission.deadline < now) submission.deadline.reset();
  place(sealer, arrival, draft, submission);
  submission.fingerprint = fingerprint_of(sealer, arrival, draft.quoted.origins);
  if (draft.identity.natural) {
    const auto natural = canonical_natural(route, draft.identity, draft.quoted.origins);
    submission.natural_key =
        sealer.keyed_hash("natural", {arrival.destination, arrival.facility, route.id, joined(natural)});
  }
  submission.requirements = keys_required(sealer, space, chain);
  const auto& awaited = draft.quoted.awaited;
  submission.requirements.insert(submission.requirements.end(), awaited.begin(), awaited.end());
  if (const auto provided = key_provided(sealer, space, route, chain)) submission.provides = {*provided};
  for (const auto& number : draft.made) submission.references.push_back(number.key);
  made.takes_back = key_taken_back(sealer, space, route, chain);
  if (draft.client_key)
    made.idempotency_key = sealer.keyed_hash("idempotency", {arrival.destination, arrival.facility, *draft.client_key});
  made.on_conflict = route.on_conflict == profile::OnConflict::queue_behind ? storage::OnConflict::queue_behind
                                                                            : storage::OnConflict::refuse;
  storage::Payload payload{arrival.method, arrival.target, arrival.content_type, arrival.body, arrival.credentials, {}};
  for (const auto& number : draft.made) payload.provisional.emplace_back(number.reference, number.number);
  auto data_key = sealer.new_data_key(submission.id);
  submission.wrapped_key = std::move(data_key.wrapped);
  made.payload = sealer.seal(data_key.key, submission.id, "payload", encode(payload));
  return made;
}

}  // namespace titip::intake
