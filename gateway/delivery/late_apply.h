// How long ago each unknown attempt ended, in steady time, so that "not there" is believed only after the late-apply
// wait. Wall clocks jump; a restart forgets: both only ever lengthen the wait. Pure, bounded, one owner.
#pragma once

#include <chrono>
#include <unordered_map>

#include "gateway/clock/clock.h"
#include "storage/submission.h"

namespace titip::delivery {

class LateApply {
 public:
  LateApply(std::chrono::milliseconds wait, clock::SteadyTime started) : wait_(wait), floor_(started) {}

  void went_unknown(const storage::SubmissionId& id, clock::SteadyTime ended_at);
  void settled(const storage::SubmissionId& id) { ended_.erase(id); }
  // Zero: a read that starts now may decide.
  std::chrono::milliseconds remaining(const storage::SubmissionId& id, clock::SteadyTime now) const;

 private:
  static constexpr std::size_t remembered_max = 65'536;
  std::chrono::milliseconds wait_;
  clock::SteadyTime floor_;  // for whatever is not remembered: the start of this process, or the last forgetting
  std::unordered_map<storage::SubmissionId, clock::SteadyTime, storage::SubmissionIdHash> ended_;
};

}  // namespace titip::delivery
