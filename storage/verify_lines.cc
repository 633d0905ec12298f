// Who stands in which line, who of them may go, and what is due: key_line.h and due_index.h, proven from the records.
#include <algorithm>

#include "storage/keys.h"
#include "storage/requirements.h"
#include "storage/verify_pass.h"

namespace titip::storage {
namespace {

bool is_on_its_way(const Submission& s) {
  return s.state == State::in_flight || s.state == State::unknown;
}

bool may_go(const Submission& s) {
  return s.state == State::queued || s.state == State::deferred || is_on_its_way(s);
}

bool stands_at(const Submission& s, std::string_view line, std::uint64_t position) {
  return !is_terminal(s.state) && keys::of(s.ordering_key) == line && s.position == position;
}

}  // namespace

void Verification::walk_heads() {
  walk(Family::head, Values::kept, [&](Batch& batch) {
    std::vector<Head> heads;
    std::vector<SubmissionId> firsts, fronts;
    for (const Entry& entry : batch) {
      heads.push_back(*decode_head({Family::head, entry.key}, entry.value));
      firsts.push_back(heads.back().id);
      fronts.push_back(heads.back().front.value_or(heads.back().id));
    }
    const auto first = records_of(firsts);
    const auto front = records_of(fronts);
    for (std::size_t i = 0; i < batch.size() && !error_; ++i) {
      const bool has_front = heads[i].front && front[i] && *front[i];
      const DueRows due = has_front ? rows_of_front((*front[i])->submission, heads[i].newest) : DueRows{};
      if (again_) {
        if (has_front) name_missing_due(*heads[i].front, due);
        continue;
      }
      must(Family::due) += due.rows.size();
      look_at_head(batch[i].key, heads[i], first[i], front[i]);
    }
  });
}

void Verification::look_at_head(const std::string& key, const Head& head, const Found& first, const Found& front) {
  if (first && !*first) return findings_.stray(Family::head, key);
  if (first && !stands_at((*first)->submission, key, head.position)) {
    return findings_.add("head_differs", in_hex(key));
  }
  // The place of a damaged record is not asked for either.
  if (first) ++met(Family::chain);
  if (!line_fits(key, head) && !error_) findings_.add("head_differs", in_hex(key));
  look_at_front(head, first, front);
}

// As many as it says, all behind the head and none behind its tail.
bool Verification::line_fits(const std::string& key, const Head& head) {
  if (head.count == 0 || head.tail < head.position) return false;
  if (head.count == 1) return true;  // walk_chains meets whoever stands here besides
  std::uint64_t others = 0;
  bool in_order = true;
  const auto scanned = kv_.scan(Family::chain, key, key, [&](std::string_view at, std::string_view) {
    const auto place = keys::parse_in_line(at);
    in_order = in_order && place && place->position > head.position && place->position <= head.tail;
    ++others;
    return true;
  });
  if (!scanned) return true;  // told by the walk over this family
  return in_order && others + 1 == head.count;
}

void Verification::look_at_front(const Head& head, const Found& first, const Found& front) {
  const auto differs = [&] { findings_.add("front_differs", head.id.text()); };
  if (!head.front) {
    if (!first) return;
    const Submission& s = (*first)->submission;
    if (may_go(s) || provider_may_go(s)) differs();
    return;
  }
  if (!front) return;
  if (!*front) return differs();
  const Submission& s = (*front)->submission;
  if (head.newest < s.accepted_at) return differs();
  if (!stands_at(s, keys::of(first && *first ? (*first)->submission.ordering_key : s.ordering_key),
                 head.front_position) ||
      !may_go(s)) {
    return differs();
  }
  // Another than the head goes only for the head, which waits; or is on its way already.
  const bool goes_for_the_head = first && waits_for_a_requirement((*first)->submission);
  if (first && *head.front != head.id && !goes_for_the_head && !is_on_its_way(s)) differs();
}

// One that the head waits for directly, and that stands in its own line: then it would be the front.
bool Verification::provider_may_go(const Submission& head) {
  if (!waits_for_a_requirement(head)) return false;
  std::vector<std::string> keys;
  for (const Digest& key : head.requirements) keys.push_back(keys::of(key));
  for (const auto& requirement : look(Family::requirement, keys, decode_requirement)) {
    if (!requirement || !*requirement || (*requirement)->standing == Requirement::Standing::met) continue;
    for (const Found& each : records_of((*requirement)->providers)) {
      const bool stands_here = each && *each && (*each)->submission.ordering_key == head.ordering_key;
      if (stands_here && may_go((*each)->submission)) return true;
    }
  }
  return false;
}

void Verification::walk_chains() {
  walk(Family::chain, Values::kept, [&](Batch& batch) {
    std::vector<SubmissionId> ids;
    std::vector<std::string> lines;
    for (const Entry& entry : batch) {
      ids.push_back(*decode_id({Family::chain, entry.key}, entry.value));
      const auto place = keys::parse_in_line(entry.key);
      lines.push_back(place ? keys::of(place->line) : std::string());
    }
    const auto records = records_of(ids);
    const auto heads = look(Family::head, lines, decode_head);
    for (std::size_t i = 0; i < batch.size() && !error_; ++i) {
      if (!records[i]) continue;
      const auto place = keys::parse_in_line(batch[i].key);
      const bool is_its = place && *records[i] && stands_at((*records[i])->submission, lines[i], place->position);
      if (!is_its || (heads[i] && *heads[i] && (*heads[i])->id == ids[i])) {
        findings_.stray(Family::chain, batch[i].key);
        continue;
      }
      ++met(Family::chain);
      if (!heads[i]) continue;
      if (!*heads[i]) findings_.missing(Family::head, ids[i]);
      if (*heads[i] && (*heads[i])->count == 1) findings_.add("head_differs", in_hex(lines[i]));
    }
  });
}

void Verification::walk_due() {
  walk(Family::due, Values::kept, [&](Batch& batch) {
    std::vector<SubmissionId> ids;
    for (const Entry& entry : batch) ids.push_back(decode_due({Family::due, entry.key}, entry.value)->id);
    const auto records = records_of(ids);
    std::vector<std::string> lines;
    for (const Found& record : records) {
      lines.push_back(record && *record ? keys::of((*record)->submission.ordering_key) : std::string());
    }
    const auto heads = look(Family::head, lines, decode_head);
    for (std::size_t i = 0; i < batch.size() && !error_; ++i) {
      if (const auto key = keys::parse_due(batch[i].key);
          key && key->due_class != DueClass::fresh && key->due_class != DueClass::deadline) {
        ++due_in_lane_[key->lane];  // a record stands in one of the other classes, once
      }
      if (!records[i] || *decode_due({Family::due, batch[i].key}, batch[i].value) == never_due) continue;
      if (!*records[i]) {
        findings_.stray(Family::due, batch[i].key);
      } else {
        look_at_due(batch[i], (*records[i])->submission, heads[i]);
      }
    }
  });
}

void Verification::look_at_due(const Entry& entry, const Submission& submission,
                               const Result<std::optional<Head>>& head) {
  if (!head) return;
  DueRows expected = rows_of_read_back(submission);
  if (*head && (*head)->front == submission.id) expected = rows_of_front(submission, (*head)->newest);
  const std::pair row(entry.key, *decode_due({Family::due, entry.key}, entry.value));
  if (std::ranges::find(expected.rows, row) == expected.rows.end()) return findings_.stray(Family::due, entry.key);
  ++met(Family::due);
}

// What each lane says it has in the due index.
void Verification::check_lanes() {
  if (error_) return;
  const std::string prefix = keys::counts_prefix(keys::CountsKind::lane);
  auto left = due_in_lane_;
  const auto scanned = kv_.scan(Family::counts, prefix, prefix, [&](std::string_view key, std::string_view value) {
    const auto row = keys::parse_counts(key);
    const auto counted = decode_number({Family::counts, key}, value);
    if (!row || !counted) return true;  // told by the walk over this family
    const auto found = left.find({row->destination, row->facility});
    if (*counted != (found == left.end() ? 0 : found->second)) findings_.add("count_differs", in_hex(key));
    if (found != left.end()) left.erase(found);
    return true;
  });
  if (!scanned && scanned.error().kind != KvError::Kind::corrupt) error_ = Error::unavailable;
  for (const auto& [lane, count] : left) findings_.add("count_differs", in_hex(keys::lane_count(lane)));
}

}  // namespace titip::storage
