// The number of commits, counted up inside the very batch it counts (info/`commit`), with the time of that batch. Where
// the last position tells how many accepts a store holds, this also tells how many settlements.
//
// The times are evidence too: where they leap forward further than a pause explains, the clock was wrong before or is
// now, and nobody can say how long ago anything was settled. The very batch that shows it puts the object `clock` /
// `doubt` into the store. While it stands, all that was settled before counts as settled when it was noticed: kept too
// long, never too short. So it wears off by itself; a person who knows better takes the object away. A clock that went
// back is no reason for doubt: nothing is erased too early by it.
//
// One thread: who opens the store, then its writer.
// Invariant: every batch that is committed to a store's Kv carries the next number, without gaps.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "storage/kv.h"
#include "storage/queries.h"
#include "storage/submission.h"

namespace titip::storage {

struct CommitStamp {
  std::uint64_t number = 0;
  WallTime at{};
  bool operator==(const CommitStamp&) const = default;
};
std::string encode(const CommitStamp& stamp);
std::optional<CommitStamp> decode_commit_stamp(std::string_view bytes);

inline constexpr std::chrono::milliseconds longest_pause = std::chrono::days(2);

class CommitSequence {
 public:
  CommitSequence() = default;
  // The error is a sentence that says what to do.
  static std::expected<CommitSequence, std::string> load(const KvReader& kv);

  // Adds the next number to a batch that is about to be committed. Until committed() is called, the same number again.
  void stamp(KvBatch& batch, WallTime now);
  void committed();
  // The last one that is durable; none: nothing was ever counted here.
  const std::optional<CommitStamp>& last() const { return last_; }
  std::uint64_t number() const { return last_ ? last_->number : 0; }

  void believe_pauses_of(std::chrono::milliseconds longest) { longest_pause_ = longest; }
  const std::optional<ClockDoubt>& doubt() const { return doubt_; }
  // As it will stand when a batch is committed at `now`.
  std::optional<ClockDoubt> doubt_at(WallTime now) const;

 private:
  void stamp_doubt(KvBatch& batch, WallTime now);

  std::optional<CommitStamp> last_;
  CommitStamp next_;
  std::optional<ClockDoubt> doubt_;
  std::optional<ClockDoubt> next_doubt_;
  std::uint64_t doubt_version_ = 0;  // of the object
  bool doubt_is_damaged_ = false;
  std::chrono::milliseconds longest_pause_ = longest_pause;
};

// Stamped and committed.
KvResult<void> commit(Kv& kv, CommitSequence& sequence, KvBatch batch, WallTime now);

}  // namespace titip::storage
