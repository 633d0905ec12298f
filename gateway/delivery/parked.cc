#include "gateway/delivery/parked.h"

namespace titip::delivery {

storage::SubmissionIds& Parked::to_change(const std::string& facility) {
  auto& found = by_facility_[facility];
  if (std::exchange(found.lent, false)) found.ids = std::make_shared<storage::SubmissionIds>(*found.ids);
  return *found.ids;
}

void Parked::park(const Authorizations::User& user, const storage::SubmissionId& id) {
  if (!to_change(user.first).insert(id).second) return;
  by_user_[user].push_back(id);
  ++size_;
}

void Parked::let_go(const Authorizations::User& user) {
  const auto whose = by_user_.extract(user);
  if (whose.empty()) return;
  auto& ids = to_change(user.first);
  for (const auto& id : whose.mapped()) ids.erase(id);
  size_ -= whose.mapped().size();
  if (ids.empty()) by_facility_.erase(user.first);
}

std::shared_ptr<const storage::SubmissionIds> Parked::of(const std::string& facility) {
  const auto found = by_facility_.find(facility);
  if (found == by_facility_.end()) return nullptr;
  found->second.lent = true;
  return found->second.ids;
}

}  // namespace titip::delivery
