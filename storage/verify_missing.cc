// The last walk: whose entries are missing, in the families where fewer were met than there must be.
#include <algorithm>

#include "storage/keys.h"
#include "storage/verify_pass.h"
#include "storage/verify_rules.h"

namespace titip::storage {

void Verification::name_missing() {
  if (error_) return;
  again_ = true;
  if (lacks(Family::due)) walk_heads();
  const bool any = std::ranges::any_of(rules_of_entries::families, [&](Family family) { return lacks(family); });
  if (!any && !lacks(Family::natural) && !lacks(Family::requirement) && !lacks(Family::chain) && !lacks(Family::due)) {
    return;
  }
  walk(Family::meta, Values::kept, [&](Batch& batch) {
    const std::vector<Record> records = decoded(batch);
    for (const Family family : rules_of_entries::families) {
      if (lacks(family)) name_missing(family, records);
    }
    if (lacks(Family::natural)) name_missing_naturals(records);
    if (lacks(Family::requirement)) name_missing_providers(records);
    if (lacks(Family::chain)) name_missing_in_lines(records);
    if (!lacks(Family::due)) return;
    for (const Record& each : records) name_missing_due(each.submission.id, rows_of_read_back(each.submission));
  });
}

void Verification::name_missing(Family family, const std::vector<Record>& batch) {
  std::vector<std::string> keys;
  std::vector<SubmissionId> ids;
  for (const Record& record : batch) {
    for (std::string& key : rules_of_entries::must(record, family)) {
      keys.push_back(std::move(key));
      ids.push_back(record.submission.id);
    }
  }
  if (keys.empty()) return;
  // Whether it decodes was told by its own walk.
  const Decode<bool> is_there = [](const Place&, std::string_view) { return std::optional(true); };
  const auto found = look(family, keys, is_there);
  for (std::size_t i = 0; i < keys.size() && !error_; ++i) {
    if (found[i] && !*found[i]) findings_.missing(family, ids[i]);
  }
}

void Verification::name_missing_naturals(const std::vector<Record>& batch) {
  for (const Record& record : batch) {
    const Submission& s = record.submission;
    if (!rules_of_entries::must_be_natural(s)) continue;
    const auto found = look(Family::natural, {keys::of(*s.natural_key)}, decode_ids).front();
    if (error_ || !found) continue;
    if (!*found || std::ranges::find(**found, s.id) == (*found)->end()) findings_.missing(Family::natural, s.id);
  }
}

void Verification::name_missing_providers(const std::vector<Record>& batch) {
  for (const Record& record : batch) {
    const Submission& s = record.submission;
    if (!rules_of_entries::must_provide(s)) continue;
    std::vector<std::string> keys;
    for (const auto* all : {&s.provides, &s.references}) {
      for (const Digest& key : *all) keys.push_back(keys::of(key));
    }
    const auto found = look(Family::requirement, keys, decode_requirement);
    for (const auto& each : found) {
      if (error_ || !each) continue;
      const bool is_named = *each && std::ranges::find((*each)->providers, s.id) != (*each)->providers.end();
      if (!is_named) findings_.missing(Family::requirement, s.id);
    }
  }
}

void Verification::name_missing_in_lines(const std::vector<Record>& batch) {
  for (const Record& record : batch) {
    const Submission& s = record.submission;
    if (is_terminal(s.state)) continue;
    const auto head = look(Family::head, {keys::of(s.ordering_key)}, decode_head).front();
    if (error_ || !head) continue;
    if (!*head) {
      findings_.missing(Family::head, s.id);
    } else if ((*head)->id != s.id) {
      const auto place = look(Family::chain, {keys::chain(s.ordering_key, s.position)}, decode_id).front();
      if (!error_ && place && !*place) findings_.missing(Family::chain, s.id);
    }
  }
}

// What is damaged is neither sent nor due: it is set apart.
void Verification::name_missing_due(const SubmissionId& id, const DueRows& rows) {
  if (rows.rows.empty()) return;
  std::vector<std::string> keys, apart;
  for (const auto& [key, entry] : rows.rows) keys.push_back(key);
  for (const Family family : {Family::meta, Family::payload}) apart.push_back(keys::quarantine(family, keys::of(id)));
  const auto damaged = look(Family::quarantine, apart, decode_quarantined);
  if (std::ranges::any_of(damaged, [](const auto& each) { return !each || each->has_value(); })) return;
  const auto found = look(Family::due, keys, decode_due);
  for (std::size_t i = 0; i < keys.size() && !error_; ++i) {
    if (found[i] && !*found[i]) findings_.missing(Family::due, id);
  }
}

}  // namespace titip::storage
