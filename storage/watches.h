// Who waits for a record to be settled. A watch is set first and the record looked at afterwards, so that a commit in
// between is not missed; whichever of the two finds it settled answers.
// Threads: any. Invariant: each watch is answered exactly once, or forgotten, and never before the commit it tells of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "storage/kv.h"
#include "storage/outbox.h"
#include "storage/store.h"

namespace titip::storage {

// What a watch waits for: the record is terminal, or held for a person.
inline bool is_settled(const Submission& submission) {
  return is_terminal(submission.state) || submission.state == State::held;
}

class Watches {
 public:
  explicit Watches(std::size_t most) : most_(most) {}

  using Answer = Done<std::optional<Submission>>;
  // Takes `done` unless it refuses: overloaded when there are too many, unavailable once closed.
  std::expected<Store::WatchId, Error> add(const SubmissionId& id, Home& home, Answer& done);
  void forget(Store::WatchId watch);

  // Answers one, if it still waits: what a look at the record said.
  void answer(Store::WatchId watch, Result<std::optional<Submission>> said);
  // Answers those whose record this batch settles. The batch is durable.
  void committed(const KvBatch& batch, Outbox& outbox);
  // No commit will ever come: answers all that wait, refuses all that follow.
  void close();

  std::size_t size() const;

 private:
  struct Waiting {
    SubmissionId id;
    Home* home;
    Answer done;
  };
  std::optional<Waiting> take(Store::WatchId watch);  // under the lock

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_map<Store::WatchId, Waiting> waiting_;
  std::unordered_multimap<SubmissionId, Store::WatchId, SubmissionIdHash> by_id_;
  Store::WatchId last_ = 0;
  bool closed_ = false;
};

}  // namespace titip::storage
