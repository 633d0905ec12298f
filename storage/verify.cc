#include "storage/verify.h"

#include <algorithm>
#include <utility>

#include "storage/keys.h"
#include "storage/verify_pass.h"
#include "storage/verify_rules.h"

namespace titip::storage {

Result<VerifyReport> verify(const KvReader& kv, const std::function<void(Progress)>& progress,
                            const std::function<bool()>& stopping) {
  return Verification(kv, progress, stopping).run();
}

Result<VerifyReport> Verification::run() {
  const auto last = reading_.get(Family::info, std::string(keys::last_position), decode_number);
  // Each record is walked over about seven times: itself, its payload, its place, its keys, its timeline.
  at_.of = 7 * (last && *last ? **last : 0);
  walk_records();
  walk_quarantine();
  if (!error_ && !counts_.finish()) error_ = Error::unavailable;
  check_positions();
  for (const Family family : rules_of_entries::families) walk_entries(family);
  walk_idempotency();
  walk_naturals();
  walk_requirements();
  walk_heads();
  walk_chains();
  walk_due();
  check_lanes();
  walk_audit();
  for (const Family family : {Family::info, Family::object, Family::counts}) walk_values(family);
  name_missing();
  if (error_) return std::unexpected(*error_);
  at_.of = at_.done;
  if (progress_) progress_(at_);
  report_.problems = findings_.take();
  return std::move(report_);
}

bool Verification::tick() {
  constexpr std::uint64_t tell_every = 10'000;
  if (++at_.done % tell_every == 0) {
    at_.of = at_.of == 0 ? 0 : std::max(at_.of, at_.done);
    if (progress_) progress_(at_);
  }
  if (!error_ && stopping_ && stopping_()) error_ = Error::unavailable;
  return !error_;
}

void Verification::walk(Family family, Values values, const std::function<void(Batch&)>& each) {
  if (error_) return;
  Batch batch;
  const auto flush = [&] {
    if (!batch.empty() && !error_) each(batch);
    batch.clear();
  };
  const auto scanned = kv_.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
    if (!tick()) return false;
    if (!is_sound({family, key}, value)) {
      flush();  // in the order of the keys
      if (!again_) found_damaged(family, key);
      return true;
    }
    batch.push_back({std::string(key), values == Values::kept ? std::string(value) : std::string()});
    if (batch.size() == in_a_batch) flush();
    return !error_;
  });
  flush();
  if (scanned || again_) return;
  if (scanned.error().kind == KvError::Kind::corrupt) {
    findings_.add("unreadable", Findings::word(family, ""));
  } else {
    error_ = Error::unavailable;
  }
}

void Verification::found_damaged(Family family, std::string_view key) {
  findings_.damaged(family, key);
  const auto id = family == Family::meta ? keys::parse_id(key) : std::nullopt;
  if (!id) return;
  ++records_;
  counts_.add_damaged(*id);
}

Verification::Looked<Record> Verification::records_of(const std::vector<SubmissionId>& ids) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const SubmissionId& id : ids) keys.push_back(keys::of(id));
  return look(Family::meta, keys, decode_record);
}

std::vector<Record> Verification::decoded(const Batch& batch) {
  std::vector<Record> records;
  records.reserve(batch.size());
  for (const Entry& entry : batch) records.push_back(*decode_record({Family::meta, entry.key}, entry.value));
  return records;
}

void Verification::walk_records() {
  walk(Family::meta, Values::kept, [&](Batch& batch) {
    const std::vector<Record> records = decoded(batch);
    for (const Record& record : records) add_up(record);
    look_at_blocked(records);
    look_at_replaced(records);
  });
}

void Verification::add_up(const Record& record) {
  const Submission& s = record.submission;
  ++records_;
  ++report_.submissions;
  highest_position_ = std::max(highest_position_, s.position);
  counts_.add(record);
  for (const Family family : rules_of_entries::families) {
    must(family) += rules_of_entries::must(record, family).size();
  }
  if (rules_of_entries::must_be_natural(s)) ++must(Family::natural);
  if (rules_of_entries::must_provide(s)) must(Family::requirement) += s.provides.size() + s.references.size();
  must(Family::due) += rows_of_read_back(s).rows.size();
  if (is_terminal(s.state)) return;
  ++report_.pending;
  ++must(Family::chain);
}

// Somebody may still bring what it waits for.
void Verification::look_at_blocked(const std::vector<Record>& batch) {
  using Standing = Requirement::Standing;
  for (const Record& record : batch) {
    const Submission& s = record.submission;
    if (s.state != State::blocked) continue;
    std::vector<std::string> keys;
    for (const Digest& key : s.requirements) keys.push_back(keys::of(key));
    const auto found = look(Family::requirement, keys, decode_requirement);
    const bool waits = std::ranges::any_of(
        found, [](const auto& each) { return !each || (*each && (*each)->standing == Standing::pending); });
    if (!waits && !error_) findings_.add("requirement_differs", s.id.text());
  }
}

void Verification::look_at_replaced(const std::vector<Record>& batch) {
  std::vector<SubmissionId> by, gone;
  for (const Record& record : batch) {
    if (!record.submission.replaces) continue;
    by.push_back(record.submission.id);
    gone.push_back(*record.submission.replaces);
  }
  const auto found = records_of(gone);
  for (std::size_t i = 0; i < by.size() && !error_; ++i) {
    if (found[i] && (!*found[i] || (*found[i])->submission.replaced_by != by[i])) {
      findings_.add("replaced_differs", by[i].text());
    }
  }
}

void Verification::walk_quarantine() {
  walk(Family::quarantine, Values::kept, [&](Batch& batch) {
    for (const Entry& entry : batch) {
      const auto apart = *decode_quarantined({Family::quarantine, entry.key}, entry.value);
      ++report_.quarantined;
      if (!apart.destination.empty()) counts_.add_quarantined(apart.destination);
    }
  });
}

// Positions are given out one by one, and no record is ever taken away.
void Verification::check_positions() {
  if (error_) return;
  const auto last = reading_.get(Family::info, std::string(keys::last_position), decode_number);
  if (!last) return;  // the walk over `info` tells
  const std::uint64_t given_out = last->value_or(0);
  if (highest_position_ > given_out || records_ > given_out) {
    findings_.add("position_differs", std::to_string(highest_position_));
  } else if (records_ < given_out) {
    findings_.add("record_missing", std::to_string(records_) + " of " + std::to_string(given_out),
                  given_out - records_);
  }
}

}  // namespace titip::storage
