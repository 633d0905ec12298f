// What keeps a store in order over the years: retention, erasure, key rotation, verification, backup, the audit log.
// Each call does a bounded piece and says where to go on, so that whoever drives it can show progress, pause and
// resume. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/submission.h"

namespace titip::storage {

struct Progress {
  std::uint64_t done = 0;
  std::uint64_t of = 0;  // 0: not known
};

// Erases payload, reply and notes of delivered and cancelled records settled before `settled_before`. What stays: the
// record, its keys, receipt, times and references.
struct Retain {
  WallTime settled_before{};
  std::optional<SubmissionId> after;
  std::size_t examine = 2'000;
  // Keys of records settled before this are given free too; they live at least 90 days and as long as pending.
  std::optional<WallTime> keys_before;
};
struct Retained {
  std::size_t examined = 0;
  std::size_t erased = 0;
  std::uint64_t bytes = 0;
  std::optional<SubmissionId> next;  // none: the whole store was looked at
  std::size_t passed_over = 0;       // stretches that the engine could not read: nothing in them is erased
};

// Destroys the data key of a record, and what is sealed under it. Pending records that the table lets go are cancelled
// first (`erased`); one in flight or unknown is erased as soon as it is settled or held.
struct Erased {
  enum class Kind : std::uint8_t { erased, cancelled_and_erased, when_settled, not_there };
  SubmissionId id;
  Kind kind = Kind::not_there;
};

// A record's wrapped data key replaced by compare-and-set: `from` must be what is there.
struct Rewrap {
  SubmissionId id;
  std::string from;
  std::string to;
};

// A whole look at the store, of one moment: every count, index and reference against the records themselves.
struct VerifyReport {
  struct Problem {
    std::string kind;  // stable word: "count_differs", "due_missing", "chain_stray", "damaged", …
    std::uint64_t times = 0;
    std::vector<std::string> examples;  // ids, keys in hex; at most 5
  };
  std::uint64_t submissions = 0;
  std::uint64_t pending = 0;
  std::uint64_t quarantined = 0;
  std::vector<Problem> problems;
  bool sound() const { return problems.empty(); }
};

// A consistent copy, taken while the store serves.
struct Checkpoint {
  std::uint64_t last_position = 0;
  std::uint64_t epoch = 0;
  std::uint64_t bytes = 0;
};

// One line of the audit log. The store chains them: each hash covers the one before.
struct AuditLine {
  std::uint64_t number = 0;  // 1, 2, …
  WallTime at{};
  std::string bytes;
  std::string hash;  // 32 bytes: SHA-256 over the hash before, number, time and bytes
};

}  // namespace titip::storage
