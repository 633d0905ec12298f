// How things stand: what a reference is worth, what a record waits for, how many there are of what.
#include <algorithm>

#include "storage/keys.h"
#include "storage/reads.h"

namespace titip::storage::reads {
namespace {

Result<std::optional<Reference>> reference(Reading& reading, const Digest& digest) {
  const std::string key = keys::of(digest);
  auto stands = reading.get(Family::requirement, key, decode_requirement);
  if (!stands) return std::unexpected(stands.error());
  if (!*stands || !(*stands)->is_reference) return std::nullopt;
  Requirement& requirement = **stands;
  std::optional<SubmissionId> origin = requirement.origin;
  if (!origin && !requirement.providers.empty()) origin = requirement.providers.front();
  if (!origin) {
    reading.note({Family::requirement, key});
    return std::unexpected(Error::corrupt);  // somebody's number it is
  }
  auto record = reading.get(Family::meta, keys::of(*origin), decode_record);
  if (!record) return std::unexpected(record.error());
  if (!*record) {
    reading.note({Family::meta, keys::of(*origin)});
    return std::unexpected(Error::corrupt);
  }
  Submission& s = (*record)->submission;
  return Reference{*origin, std::move(s.wrapped_key), s.state, std::move(requirement.value)};
}

// The first that may still meet a requirement of this record; none: all are met.
Result<std::optional<SubmissionId>> first_provider(Reading& reading, const Submission& submission) {
  for (const Digest& digest : submission.requirements) {
    const auto stands = reading.get(Family::requirement, keys::of(digest), decode_requirement);
    if (!stands) return std::unexpected(stands.error());
    if (!*stands || (*stands)->standing != Requirement::Standing::pending) continue;
    if (!(*stands)->providers.empty()) return (*stands)->providers.front();
    if ((*stands)->origin) return (*stands)->origin;
  }
  return std::nullopt;
}

Result<Waiting> waiting_of(Reading& reading, const SubmissionId& id) {
  const auto record = reading.get(Family::meta, keys::of(id), decode_record);
  if (!record) return std::unexpected(record.error());
  if (!*record || is_terminal((*record)->submission.state)) return Waiting{};
  const Submission& s = (*record)->submission;
  if (s.state == State::blocked) {
    const auto provider = first_provider(reading, s);
    if (!provider) return std::unexpected(provider.error());
    if (*provider) return Waiting{*provider, true};
  }
  const std::string line = keys::of(s.ordering_key);
  const auto head = reading.get(Family::head, line, decode_head);
  if (!head) return std::unexpected(head.error());
  if (!*head) {
    reading.note({Family::head, line});
    return std::unexpected(Error::corrupt);  // it holds its key
  }
  // The one that may go waits for nobody, even where it is not the head.
  const bool may_go = (*head)->id == id || (*head)->front == id;
  return may_go ? Waiting{} : Waiting{(*head)->id, false};
}

}  // namespace

Result<std::vector<std::optional<Reference>>> references(Reading& reading, const std::vector<Digest>& keys) {
  std::vector<std::optional<Reference>> answers;
  answers.reserve(keys.size());
  for (const Digest& key : keys) {
    auto answer = reference(reading, key);
    if (!answer) return std::unexpected(answer.error());
    answers.push_back(std::move(*answer));
  }
  return answers;
}

Result<std::vector<Waiting>> waiting(Reading& reading, const std::vector<SubmissionId>& ids) {
  std::vector<Waiting> answers;
  answers.reserve(ids.size());
  for (const SubmissionId& id : ids) {
    const auto answer = waiting_of(reading, id);
    if (!answer) return std::unexpected(answer.error());
    answers.push_back(*answer);
  }
  return answers;
}

Result<std::vector<CountRow>> count(Reading& reading, const CountQuery& query) {
  std::string prefix = keys::counts_prefix(keys::CountsKind::fine);
  if (query.destination) {
    prefix = query.facility ? keys::fine_prefix(Lane{*query.destination, *query.facility})
                            : keys::fine_prefix(*query.destination);
  }
  std::vector<CountRow> rows;
  std::optional<Error> fault;
  const auto scanned =
      reading.kv().scan(Family::counts, prefix, prefix, [&](std::string_view key, std::string_view value) {
        const auto place = keys::parse_counts(key);
        const auto counts = place ? decode_fine_counts({Family::counts, key}, value) : std::nullopt;
        if (!counts) {
          reading.note({Family::counts, std::string(key)});
          fault = Error::corrupt;
          return true;
        }
        for (const FineCount& each : *counts) {
          rows.push_back({place->destination, place->facility, place->day, each.state, each.outcome_rule, each.count});
        }
        if (rows.size() > most_count_rows) fault = Error::overloaded;
        return rows.size() <= most_count_rows;
      });
  if (!scanned) return std::unexpected(reading.refused(scanned.error(), {Family::counts, prefix, {}, {}, true}));
  if (fault) return std::unexpected(*fault);
  return rows;
}

}  // namespace titip::storage::reads
