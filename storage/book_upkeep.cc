// Erasing, retaining, wrapping anew, the audit log.
#include <algorithm>
#include <utility>

#include "storage/audit.h"
#include "storage/book.h"
#include "storage/keys.h"
#include "storage/tables.h"

namespace titip::storage {

bool may_lose_content(const Submission& s, WallTime settled_before) {
  const bool is_done = s.state == State::delivered || s.state == State::cancelled;
  // A read-back under way still needs the payload.
  return is_done && !s.content_erased && !s.due_at && s.settled_at && *s.settled_at < settled_before;
}

bool may_lose_keys(const Submission& s, WallTime keys_before) {
  return is_terminal(s.state) && s.settled_at && *s.settled_at < keys_before;
}

void Book::destroy_content(Record& record) {
  drop_content(record);
  Submission& s = record.submission;
  s.wrapped_key.clear();
  for (const Digest& reference : s.references) {
    std::string key = keys::of(reference);
    auto stands = read(staging_, Family::requirement, key, decode_requirement);
    if (!stands || stands->origin != s.id || stands->value.empty()) continue;
    stands->value = {};  // nobody could open it
    write(staging_, Family::requirement, std::move(key), *stands);
  }
}

void Book::drop_content(Record& record) {
  Submission& s = record.submission;
  const std::string key = keys::of(s.id);
  staging_.erase(Family::payload, key);
  if (!s.content_erased) erased_bytes_ += record.payload_bytes;
  wipe_quarantined(Family::payload, key);
  wipe(Family::reply, key);
  drop_notes(record);
  s.content_erased = true;
  if (s.references.empty()) s.wrapped_key.clear();
}

// Whatever its state: damaged bytes are personal too.
void Book::wipe(Family family, const std::string& key) {
  if (staging_.fault()) return;
  const bool is_there = staging_.get(family, key) != nullptr || staging_.fault().has_value();
  if (!staging_.forgive_damage()) return;
  if (is_there) staging_.erase(family, key);
  wipe_quarantined(family, key);
}

// That there was damage stays known; the bytes go.
void Book::wipe_quarantined(Family family, std::string_view key) {
  std::string at = keys::quarantine(family, key);
  if (staging_.fault()) return;
  auto set_apart = read(staging_, Family::quarantine, at, decode_quarantined);
  if (staging_.fault() && staging_.forgive_damage()) return staging_.erase(Family::quarantine, std::move(at));
  if (!set_apart || set_apart->bytes.empty()) return;
  set_apart->bytes.clear();
  write(staging_, Family::quarantine, std::move(at), *set_apart);
}

// Of the lines that a timeline keeps.
void Book::drop_notes(const Record& record) {
  for (std::uint32_t number = 1; number <= record.lines; ++number) {
    if (number == timeline_first_lines + 1 && record.lines > timeline_first_lines + timeline_last_lines) {
      number = record.lines - timeline_last_lines + 1;
    }
    if (staging_.fault()) return;
    std::string key = keys::attempt(record.submission.id, number);
    auto line = read(staging_, Family::attempt, key, decode_attempt);
    if (staging_.fault()) {
      staging_.forgive_damage();
      wipe(Family::attempt, key);
    } else if (line && !line->note.empty()) {
      line->note = {};
      write(staging_, Family::attempt, std::move(key), *line);
    }
  }
}

Erased Book::erase(const EraseRecord& what) {
  begin();
  auto record = read_record(staging_, what.id);
  if (!record) return {what.id, Erased::Kind::not_there};
  Submission& s = record->submission;
  s.erase_when_settled = true;
  if (is_terminal(s.state)) {
    if (!s.content_erased || !s.wrapped_key.empty()) erase_settled(*record);
    return {what.id, Erased::Kind::erased};
  }
  if (!next_state(s.state, Event::erase, s.hold_reason, s.held_from)) {
    write_record(staging_, *record);
    return {what.id, Erased::Kind::when_settled};
  }
  move(*record, Event::erase, "erased");
  finish();
  return {what.id, Erased::Kind::cancelled_and_erased};
}

void Book::erase_settled(Record& record) {
  const Submission before = record.submission;
  destroy_content(record);
  if (!before.due_at) return write_record(staging_, record);
  // No number will be read back any more.
  record.submission.due_at.reset();
  ++record.submission.version;
  commit_change(before, record);
  finish();
}

RetainedRecord Book::retain(const RetainRecord& what) {
  auto record = read_record(staging_, what.id);
  if (!record) return {};
  RetainedRecord retained;
  if (is_believed(what.settled_before) && may_lose_content(record->submission, what.settled_before)) {
    retained = {true, record->payload_bytes};
    drop_content(*record);
    write_record(staging_, *record);
  }
  if (what.keys_before && is_believed(*what.keys_before)) free_natural_key(*record, *what.keys_before);
  return retained;
}

// A chain goes as a whole, when its youngest may: until then a clinic that resends the first is told of the last.
void Book::free_natural_key(const Record& record, WallTime keys_before) {
  const auto& natural_key = record.submission.natural_key;
  if (!natural_key || !may_lose_keys(record.submission, keys_before)) return;
  std::string key = keys::of(*natural_key);
  const auto chain = read(staging_, Family::natural, key, decode_ids);
  const bool is_member = chain && std::ranges::find(*chain, record.submission.id) != chain->end();
  std::vector<Record> members{record};
  if (is_member) {
    for (const SubmissionId& id : *chain) {
      if (id == record.submission.id) continue;
      auto member = read_record(staging_, id);
      if (!member || !may_lose_keys(member->submission, keys_before)) return;
      members.push_back(std::move(*member));
    }
    staging_.erase(Family::natural, std::move(key));
  }
  for (Record& member : members) {
    member.submission.natural_key.reset();
    write_record(staging_, member);
  }
}

Applied Book::free_key(const FreeKey& what) {
  if (!is_believed(what.settled_before)) return Applied::stale;
  std::string key = keys::of(what.key);
  const auto id = read(staging_, Family::idempotency, key, decode_id);
  const auto record = id ? read_record(staging_, *id) : std::nullopt;
  if (!record || !may_lose_keys(record->submission, what.settled_before)) return Applied::stale;
  staging_.erase(Family::idempotency, std::move(key));
  return Applied::yes;
}

// The version stays as it is: the record's state does not change, and an attempt that is open meanwhile must be able to
// end.
Applied Book::rewrap(const Rewrap& rewrap) {
  auto record = read_record(staging_, rewrap.id);
  if (!record || rewrap.to.empty() || rewrap.from.empty() || record->submission.wrapped_key != rewrap.from) {
    return Applied::stale;
  }
  record->submission.wrapped_key = rewrap.to;
  write_record(staging_, *record);
  return Applied::yes;
}

AuditLine Book::append_audit(std::string bytes) {
  const std::uint64_t last = read(staging_, Family::info, std::string(keys::last_audit), decode_number).value_or(0);
  std::string hash_before;
  if (last > 0 && !staging_.fault()) {
    // What is damaged is seen by whoever reads it; the log goes on behind it as one that begins anew.
    if (auto line = read(staging_, Family::audit, keys::audit(last), decode_audit)) hash_before = std::move(line->hash);
    staging_.forgive_damage();
  }
  AuditLine line{last + 1, now_, std::move(bytes), {}};
  line.hash = hash_of(hash_before, line);
  write(staging_, Family::info, std::string(keys::last_audit), line.number);
  write(staging_, Family::audit, keys::audit(line.number), line);
  return line;
}

}  // namespace titip::storage
