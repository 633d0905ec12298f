#include "gateway/delivery/late_apply.h"

#include <algorithm>

namespace titip::delivery {

void LateApply::went_unknown(const storage::SubmissionId& id, clock::SteadyTime ended_at) {
  if (ended_.size() >= remembered_max) {
    ended_.clear();
    floor_ = ended_at;
  }
  ended_[id] = ended_at;
}

std::chrono::milliseconds LateApply::remaining(const storage::SubmissionId& id, clock::SteadyTime now) const {
  const auto found = ended_.find(id);
  const auto since = found != ended_.end() ? found->second : floor_;
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(since + wait_ - now));
}

}  // namespace titip::delivery
