// The number of commits, counted up inside the very batch it counts (info/`commit`), with the time of that batch. Where
// the last position tells how many accepts a store holds, this also tells how many settlements.
//
// One thread: who opens the store, then its writer.
// Invariant: every batch that is committed to a store's Kv carries the next number, without gaps.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "storage/kv.h"
#include "storage/submission.h"

namespace titip::storage {

struct CommitStamp {
  std::uint64_t number = 0;
  WallTime at{};
  bool operator==(const CommitStamp&) const = default;
};
std::string encode(const CommitStamp& stamp);
std::optional<CommitStamp> decode_commit_stamp(std::string_view bytes);

class CommitSequence {
 public:
  CommitSequence() = default;
  // The error is a sentence that says what to do.
  static std::expected<CommitSequence, std::string> load(const KvReader& kv);

  // Adds the next number to a batch that is about to be committed. Until committed() is called, the same number again.
  void stamp(KvBatch& batch, WallTime now);
  void committed() { last_ = next_; }
  // The last one that is durable; none: nothing was ever counted here.
  const std::optional<CommitStamp>& last() const { return last_; }
  std::uint64_t number() const { return last_ ? last_->number : 0; }

 private:
  std::optional<CommitStamp> last_;
  CommitStamp next_;
};

// Stamped and committed.
KvResult<void> commit(Kv& kv, CommitSequence& sequence, KvBatch batch, WallTime now);

}  // namespace titip::storage
