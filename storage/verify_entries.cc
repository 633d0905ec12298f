// The families whose entries stand for records one by one: each has its record, and the record owns up to it.
#include <algorithm>

#include "storage/audit.h"
#include "storage/codec.h"
#include "storage/keys.h"
#include "storage/verify_pass.h"
#include "storage/verify_rules.h"

namespace titip::storage {
namespace {

// Whose entry it is.
std::optional<SubmissionId> id_of_entry(Family family, std::string_view key, std::string_view value) {
  switch (family) {
    case Family::payload:
    case Family::reply:
    case Family::open:
      return keys::parse_id(key);
    case Family::attempt:
      return keys::parse_id(key.substr(0, SubmissionId{}.bytes.size()));
    case Family::person:
      if (const auto parsed = keys::parse_person(key)) return parsed->id;
      return std::nullopt;
    case Family::attention:
      if (const auto parsed = keys::parse_attention(key)) return parsed->id;
      return std::nullopt;
    default:
      return decode_id({family, key}, value);
  }
}

}  // namespace

void Verification::walk_entries(Family family) {
  const auto values = family == Family::waiter ? Values::kept : Values::dropped;
  walk(family, values, [&](Batch& batch) {
    std::vector<SubmissionId> ids;
    for (const Entry& entry : batch) {
      ids.push_back(id_of_entry(family, entry.key, entry.value).value_or(SubmissionId{}));
    }
    const auto records = records_of(ids);
    for (std::size_t i = 0; i < batch.size() && !error_; ++i) {
      if (!records[i]) continue;  // a damaged record: nobody can say
      const std::string& key = batch[i].key;
      if (!*records[i] || !rules_of_entries::may(**records[i], family, key)) {
        findings_.stray(family, key);
        continue;
      }
      const auto must_have = rules_of_entries::must(**records[i], family);
      if (std::ranges::find(must_have, key) != must_have.end()) ++met(family);
    }
  });
}

// A key stands for one record; the record does not say which keys stand for it.
void Verification::walk_idempotency() {
  walk(Family::idempotency, Values::kept, [&](Batch& batch) {
    std::vector<SubmissionId> ids;
    for (const Entry& entry : batch) ids.push_back(*decode_id({Family::idempotency, entry.key}, entry.value));
    const auto records = records_of(ids);
    for (std::size_t i = 0; i < batch.size() && !error_; ++i) {
      if (records[i] && !*records[i]) findings_.stray(Family::idempotency, batch[i].key);
    }
  });
}

// Entries that name several records each: their records are looked up together, but not too many at a time.
template <class T>
void Verification::walk_lists(Family family, Decode<T> decode,
                              const std::function<std::vector<SubmissionId>(const T&)>& ids_of,
                              const std::function<void(const Entry&, const T&, std::span<const Found>)>& each) {
  constexpr std::size_t enough = 1024;
  std::vector<std::pair<Entry, T>> waiting;
  std::vector<std::size_t> sizes;
  std::vector<SubmissionId> ids;
  const auto flush = [&] {
    const auto records = records_of(ids);
    std::span<const Found> rest(records);
    for (std::size_t i = 0; i < waiting.size() && !error_; ++i) {
      each(waiting[i].first, waiting[i].second, rest.first(sizes[i]));
      rest = rest.subspan(sizes[i]);
    }
    waiting.clear();
    sizes.clear();
    ids.clear();
  };
  walk(family, Values::kept, [&](Batch& batch) {
    for (Entry& entry : batch) {
      T value = *decode({family, entry.key}, entry.value);
      const auto named = ids_of(value);
      ids.insert(ids.end(), named.begin(), named.end());
      sizes.push_back(named.size());
      waiting.emplace_back(std::move(entry), std::move(value));
      if (ids.size() >= enough) flush();
    }
    flush();
  });
}

void Verification::walk_naturals() {
  using Ids = std::vector<SubmissionId>;
  walk_lists<Ids>(
      Family::natural, decode_ids, [](const Ids& ids) { return ids; },
      [&](const Entry& entry, const Ids& ids, std::span<const Found> records) {
        const auto key = keys::parse_digest(entry.key);
        bool sound = key.has_value() && !ids.empty();
        std::uint64_t before = 0;
        for (const Found& record : records) {
          if (!record) continue;
          const Submission* s = *record ? &(*record)->submission : nullptr;
          const bool is_its = s != nullptr && s->natural_key == key && rules_of_entries::may_be_natural(*s);
          sound = sound && is_its && s->position > before;
          if (s != nullptr) before = s->position;
          if (is_its && rules_of_entries::must_be_natural(*s)) ++met(Family::natural);
        }
        if (!sound) findings_.stray(Family::natural, entry.key);
      });
}

void Verification::walk_requirements() {
  walk_lists<Requirement>(
      Family::requirement, decode_requirement,
      [](const Requirement& requirement) {
        auto ids = requirement.providers;
        if (requirement.origin) ids.push_back(*requirement.origin);
        return ids;
      },
      [&](const Entry& entry, const Requirement& requirement, std::span<const Found> records) {
        look_at_requirement(entry, requirement, records);
      });
}

void Verification::look_at_requirement(const Entry& entry, const Requirement& requirement,
                                       std::span<const Found> records) {
  using Standing = Requirement::Standing;
  const auto key = keys::parse_digest(entry.key);
  bool sound = key.has_value();
  for (std::size_t i = 0; i < requirement.providers.size(); ++i) {
    if (!records[i]) continue;
    const Submission* s = *records[i] ? &(*records[i])->submission : nullptr;
    const bool is_its = s != nullptr && key && rules_of_entries::may_provide(*s, *key);
    if (!is_its) findings_.stray(Family::requirement, entry.key);
    if (is_its && rules_of_entries::must_provide(*s)) ++met(Family::requirement);
  }
  const auto origin = requirement.origin ? records.back() : Result<std::optional<Record>>(std::nullopt);
  const bool is_decided = requirement.standing != Standing::pending;
  const bool has_providers = !requirement.providers.empty();
  sound = sound && (is_decided || has_providers);
  sound = sound && (requirement.standing == Standing::met || !is_decided || !has_providers);
  sound = sound && (!is_decided || requirement.origin.has_value());
  sound = sound && (!requirement.origin || !origin || origin->has_value());
  if (!sound) findings_.add("requirement_differs", in_hex(entry.key));
}

void Verification::walk_audit() {
  std::uint64_t number = 0;
  std::string hash;
  walk(Family::audit, Values::kept, [&](Batch& batch) {
    for (const Entry& entry : batch) {
      const auto line = *decode_audit({Family::audit, entry.key}, entry.value);
      if (line.number != number + 1 || line.hash != hash_of(hash, line)) {
        findings_.add("audit_broken", std::to_string(line.number));
      }
      number = line.number;
      hash = line.hash;
    }
  });
  const auto last = reading_.get(Family::info, std::string(keys::last_audit), decode_number);
  if (last && last->value_or(0) > number) findings_.add("audit_broken", std::to_string(number + 1));
}

void Verification::walk_values(Family family) {
  walk(family, Values::dropped, [](Batch&) {});
}

}  // namespace titip::storage
