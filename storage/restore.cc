#include "storage/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "storage/book.h"
#include "storage/evidence.h"
#include "storage/frame.h"
#include "storage/keys.h"
#include "storage/ledger.h"
#include "storage/mend.h"
#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {
namespace {

constexpr std::size_t records_in_a_batch = 256;
constexpr Place place{Family::info, keys::restoring};

// info/`restoring`: what a restore that goes on after an interruption must know.
struct Restoring {
  WallTime since{};
  Reach from;
  std::optional<Reach> until;
  std::uint64_t done = 0;
  // The last entry that was dealt with: 'h' and its key in `head`, then 'c' and its key in `chain`; together these two
  // families name every record that is not terminal.
  std::string cursor = "h";
};

std::string encode_restoring(const Restoring& r) {
  Value out;
  out.time(r.since).text(encode(r.from)).text(r.until ? encode(*r.until) : std::string());
  out.u64(r.done).text(r.cursor);
  return out.sealed(place);
}

std::optional<Restoring> decode_restoring(std::string_view bytes) {
  auto in = body_of(place, bytes);
  if (!in) return std::nullopt;
  Restoring r;
  r.since = in->time();
  const auto from = decode_reach(in->text());
  const std::string until = in->text();
  r.until = decode_reach(until);
  r.done = in->u64();
  r.cursor = in->text();
  if (!from || (!until.empty() && !r.until) || r.cursor.empty()) return std::nullopt;
  r.from = *from;
  return whole(*in, std::move(r));
}

KvWrite write_of(const Restoring& restoring) {
  return {Family::info, std::string(keys::restoring), encode_restoring(restoring)};
}

std::string iso_text(WallTime at) {
  std::string text = time_text(at);  // "2021-08-26 17:46:40 UTC"
  text[10] = 'T';
  return text.substr(0, 19) + "Z";
}

std::string json_of(const Reach& mark) {
  return fmt::format(R"({{"position":{},"commit":{},"at":"{}"}})", mark.position, mark.commit, iso_text(mark.at));
}

// One restore over one store.
class Restore {
 public:
  Restore(Kv& kv, WallTime now, std::uint64_t epoch_before) : kv_(kv), now_(now), epoch_before_(epoch_before) {}

  std::expected<Restored, std::string> run(const std::optional<Reach>& until, const OnProgress& progress);

 private:
  using Outcome = std::expected<void, std::string>;
  Outcome load(const std::optional<Reach>& until);
  Outcome begin();
  Outcome walk(const OnProgress& progress);
  Outcome take(const std::vector<std::pair<std::string, SubmissionId>>& entries);
  Outcome finish();
  std::expected<std::vector<std::pair<std::string, SubmissionId>>, std::string> next_entries();
  Outcome commit_batch(KvBatch batch);

  Kv& kv_;
  const WallTime now_;
  const std::uint64_t epoch_before_;
  CommitSequence sequence_;
  Ledger ledger_;
  Restoring restoring_;
  bool goes_on_ = false;  // after an interruption
  Restored result_;
};

std::unexpected<std::string> unreadable(const KvError& error) {
  return std::unexpected(words::tell("cannot read the store: {}", error.text));
}

Restore::Outcome Restore::commit_batch(KvBatch batch) {
  if (auto written = commit(kv_, sequence_, std::move(batch), now_); !written) {
    return std::unexpected(
        words::tell("cannot write to the store: {}; see to the disk and run the restore again", written.error().text));
  }
  return {};
}

Restore::Outcome Restore::load(const std::optional<Reach>& until) {
  auto sequence = CommitSequence::load(kv_);
  if (!sequence) return std::unexpected(std::move(sequence.error()));
  sequence_ = std::move(*sequence);
  if (const auto mended = mend(kv_, now_); !mended) return std::unexpected(mended.error());
  if (auto loaded = ledger_.load(kv_); !loaded) return loaded;
  const auto found = found_reach(kv_, sequence_);
  if (!found) return std::unexpected(found.error());
  if (found->epoch == 0) return std::unexpected(words::tell("the store is empty: there is nothing to restore"));
  const auto marked = kv_.get(Family::info, keys::restoring);
  if (!marked) return unreadable(marked.error());
  if (!*marked) {
    restoring_ = {now_, *found, until, 0, "h"};
    return {};
  }
  auto restoring = decode_restoring(**marked);
  if (!restoring) {
    return std::unexpected(
        words::tell("the store's entry info/{} is damaged; restore the backup again, into an empty "
                    "directory",
                    keys::restoring));
  }
  restoring_ = std::move(*restoring);
  goes_on_ = true;
  return {};
}

// The mark, the gates, the gap and the epoch come first and together: whatever happens then, nothing is sent blindly.
Restore::Outcome Restore::begin() {
  const auto noted_epoch = restoring_.until ? restoring_.until->epoch : 0;
  result_.gap = {restoring_.from, restoring_.until, restoring_.since};
  result_.destinations = ledger_.counts().destinations.size();
  if (goes_on_) {
    const auto found = found_reach(kv_, sequence_);
    if (!found) return std::unexpected(found.error());
    result_.epoch = found->epoch;
    return {};
  }
  result_.epoch = std::max({restoring_.from.epoch, noted_epoch, epoch_before_}) + 1;
  Staging staging(kv_);
  Book book(staging, now_);
  // As the gates of a running gateway are kept (gateway/admin/gates.h).
  const words::Said why = words::text("restored");
  const std::string gate = fmt::format(R"({{"reason":"{}","reason_id":"{}","since":"{}"}})", why.english(),
                                       why.in(words::Language::id), iso_text(restoring_.since));
  book.put_object({std::string(gate_kind), std::string(gate_of_all), std::nullopt, gate});
  for (const auto& [destination, counts] : ledger_.counts().destinations) {
    book.put_object({std::string(gate_kind), destination, std::nullopt, gate});
  }
  book.put_object({std::string(gap_kind), gap_name(restoring_.since), std::nullopt, result_.gap.json()});
  if (staging.fault()) return std::unexpected(words::tell("the store's gates are damaged; restore another backup"));
  staging.keep();
  KvBatch batch = staging.take_batch();
  batch.push_back({Family::info, std::string(keys::epoch), encode({Family::info, keys::epoch}, result_.epoch)});
  batch.push_back(write_of(restoring_));
  return commit_batch(std::move(batch));
}

std::expected<std::vector<std::pair<std::string, SubmissionId>>, std::string> Restore::next_entries() {
  std::vector<std::pair<std::string, SubmissionId>> entries;
  for (const Family family : {Family::head, Family::chain}) {
    const char mark = family == Family::head ? 'h' : 'c';
    const bool is_begun = restoring_.cursor.front() == mark;
    if (!is_begun && family == Family::head) continue;  // done with
    std::string from = is_begun ? restoring_.cursor.substr(1) : std::string();
    if (!from.empty()) from.push_back('\0');
    const auto scanned = kv_.scan(family, {}, from, [&](std::string_view key, std::string_view value) {
      std::optional<SubmissionId> id;
      if (family == Family::chain) {
        id = decode_id({family, key}, value);
      } else if (const auto head = decode_head({family, key}, value)) {
        id = head->id;
      }
      if (id) entries.emplace_back(mark + std::string(key), *id);
      if (!id) ++result_.damaged;
      return entries.size() < records_in_a_batch;
    });
    if (!scanned) return unreadable(scanned.error());
    if (!entries.empty()) break;
  }
  return entries;
}

Restore::Outcome Restore::take(const std::vector<std::pair<std::string, SubmissionId>>& entries) {
  Staging staging(kv_);
  Book book(staging, now_);
  for (const auto& [key, id] : entries) book.foresee(id);
  staging.fetch();
  for (const auto& [key, id] : entries) book.foresee_behind(id);
  staging.keep();
  staging.fetch();
  for (const auto& [key, id] : entries) {
    const auto became = book.restored(id, restoring_.since);
    if (staging.fault() || became == Book::AfterRestore::damaged) {
      if (staging.fault() == Error::unavailable)
        return std::unexpected(words::tell("the store cannot be read; see to the disk"));
      staging.roll_back();
      ++result_.damaged;
      continue;
    }
    staging.keep();
    if (became == Book::AfterRestore::unknown) ++result_.made_unknown;
    if (became == Book::AfterRestore::held) ++result_.kept_held;
  }
  restoring_.cursor = entries.back().first;
  restoring_.done += entries.size();
  KvBatch batch = staging.take_batch();
  batch.push_back(write_of(restoring_));
  return commit_batch(std::move(batch));
}

Restore::Outcome Restore::walk(const OnProgress& progress) {
  std::uint64_t pending = 0;
  for (const auto& [destination, counts] : ledger_.counts().destinations) {
    for (const State state : all_states) {
      if (!is_terminal(state)) pending += counts.by_state[static_cast<std::size_t>(state)];
    }
  }
  while (true) {
    if (progress) progress({restoring_.done, pending});
    const auto entries = next_entries();
    if (!entries) return std::unexpected(entries.error());
    if (entries->empty()) return {};
    if (auto taken = take(*entries); !taken) return taken;
  }
}

// The note first: were the mark gone and the note still the old one, the store would be refused.
Restore::Outcome Restore::finish() {
  const auto found = found_reach(kv_, sequence_);
  if (!found) return std::unexpected(found.error());
  if (auto noted = kv_.note(encode(*found)); !noted) {
    return std::unexpected(words::tell("cannot write to the data directory: {}", noted.error().text));
  }
  return commit_batch({{Family::info, std::string(keys::restoring), std::nullopt}});
}

std::expected<Restored, std::string> Restore::run(const std::optional<Reach>& until, const OnProgress& progress) {
  auto done = load(until);
  if (done) done = begin();
  if (done) done = walk(progress);
  if (done) done = finish();
  if (!done) return std::unexpected(std::move(done.error()));
  return result_;
}

}  // namespace

std::string gap_name(WallTime restored_at) {
  return iso_text(restored_at);
}

words::Said Gap::text() const {
  if (!until) {
    return words::said(
        "everything between {} (position {}) and the restore at {} is missing: submissions accepted since, and what "
        "became of older ones",
        time_text(from.at), from.position, time_text(restored_at));
  }
  const std::uint64_t positions = until->position > from.position ? until->position - from.position : 0;
  const std::uint64_t commits = until->commit > from.commit ? until->commit - from.commit : 0;
  words::Said submissions = words::text("no accepted submission");
  if (positions == 1) submissions = words::said("1 accepted submission (position {})", until->position);
  if (positions > 1) {
    submissions =
        words::said("{} accepted submissions (positions {} to {})", positions, from.position + 1, until->position);
  }
  const auto begin = time_text(from.at);
  const auto end = time_text(until->at);
  if (commits == 1) return words::said("missing between {} and {}: {}, 1 commit in all", begin, end, submissions);
  return words::said("missing between {} and {}: {}, {} commits in all", begin, end, submissions, commits);
}

std::string Gap::json() const {
  return fmt::format(R"({{"restored_at":"{}","from":{},"until":{},"text":"{}"}})", iso_text(restored_at), json_of(from),
                     until ? json_of(*until) : "null", text().english());
}

std::expected<Restored, std::string> mark_restored(Kv& kv, const std::optional<Reach>& until, WallTime now,
                                                   const OnProgress& progress, std::uint64_t epoch_before) {
  return Restore(kv, now, epoch_before).run(until, progress);
}

}  // namespace titip::storage
