// The books once more, as naively as can be: a vector of records, everything found by looking at all of them. It shares
// no code with the store but the plain types.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/store.h"

namespace titip::storage {

class Model {
 public:
  struct Row {
    Submission s;
    std::optional<Digest> idempotency_key;
    std::uint64_t payload_bytes = 0;
    bool keeps_natural_key = true;  // until it leaves the chain
    bool open = false;
    std::uint32_t lines = 0;
  };

  Verdict accept(const NewSubmission& incoming);
  Changed open_attempt(const OpenAttempt& open, WallTime now);
  Changed settle(const Settlement& settlement, WallTime now);
  Changed transition(const Transition& transition, WallTime now);
  void restart(WallTime now);

  const std::vector<Row>& rows() const { return rows_; }
  std::vector<SubmissionId> due(const Lane& lane, DueClass due_class) const;  // all of them, oldest first
  DestinationCounts counts(const std::string& destination) const;
  std::uint64_t due_in(const Lane& lane) const;

 private:
  struct Key {
    Digest digest;
    SubmissionId id;
    Digest fingerprint;
  };
  Row* find(const SubmissionId& id);
  const Row* head_of(const Digest& ordering_key) const;
  std::vector<Row*> natural_chain(const Digest& natural_key);
  void move_to(Row& row, State to, HoldReason reason, std::optional<WallTime> due_at, WallTime when);

  std::vector<Row> rows_;
  std::vector<Key> keys_;
};

}  // namespace titip::storage
