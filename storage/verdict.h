// The verdict on a submission that comes in: the table of ARCHITECTURE.md, "Accept". Pure; the writer calls it inside
// the commit, with what the database and the group's earlier members say.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "storage/store.h"

namespace titip::storage {

// So many corrections of one act are a loop in the clinic's app, not corrections: one more is a conflict.
inline constexpr std::size_t longest_natural_chain = 256;

// A record that a key stands for.
struct Bound {
  SubmissionId id;
  Digest fingerprint{};
  bool operator==(const Bound&) const = default;
};

struct Question {
  bool has_idempotency_key = false;
  std::optional<Bound> known;  // what the idempotency key already stands for
  // Who the natural key stands for, oldest first; empty: nobody, or there is no key. With an idempotency key that
  // stands for nothing yet only the last one's fingerprint is looked at.
  std::span<const Bound> chain;
  Digest fingerprint{};
  OnConflict on_conflict = OnConflict::refuse;
  // It is the edited repetition of a record that was rejected or has expired. Whoever came into the chain after that
  // one has the key; behind those who were there before it is a correction, as that one was.
  bool replaces = false;
  bool taken_since = false;
};

struct Decision {
  VerdictKind kind = VerdictKind::accepted;
  std::optional<SubmissionId> existing;  // the one in custody; set unless accepted
  bool correction = false;               // accepted behind an earlier member of its natural key
  bool bind = false;                     // bind the (new) idempotency key to `existing`
  bool operator==(const Decision&) const = default;
};

Decision decide(const Question& question);

}  // namespace titip::storage
