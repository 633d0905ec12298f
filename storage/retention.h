// One piece of retention. What the engine refuses to read is passed over, so that nothing behind it is kept for ever.
// A reader finds who may lose content or keys, a slice of the store at a time; the writer looks
// at each again inside its commit and does it, a few at a time, one group after the other, so that nobody waits long.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "storage/group.h"
#include "storage/reading.h"
#include "storage/upkeep.h"

namespace titip::storage {

// A pass goes by the ids of the records and, beside it, by the idempotency keys, which no record names. Where it stands
// in those is remembered here; after a restart they are all looked at again. Any thread.
class KeyPass {
 public:
  std::string begin(bool anew);  // from which key on
  void reached(std::string from);
  void ended();
  bool has_ended() const;

 private:
  mutable std::mutex mutex_;
  std::string from_;
  bool ended_ = false;
};

struct RetainCandidates {
  std::vector<RetainRecord> records;
  std::vector<FreeKey> keys;
  std::size_t examined = 0;
  std::optional<SubmissionId> next;
  std::size_t passed_over = 0;
};
// `what.keys_before` must be clamped already.
Result<RetainCandidates> retain_candidates(Reading& reading, const Retain& what, KeyPass& keys);

// Hands the candidates to the writer and answers when all are done with. A damaged one is left to the quarantine.
// `submit` is Writer::submit.
void carry_out(RetainCandidates candidates, std::function<void(Call)> submit, Home& home, Done<Retained> done);

}  // namespace titip::storage
