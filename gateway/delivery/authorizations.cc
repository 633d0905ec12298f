#include "gateway/delivery/authorizations.h"

#include <algorithm>

namespace titip::delivery {
namespace {

std::size_t hash_of(const std::string& authorization) {
  return std::hash<std::string>{}(authorization);
}

bool contains(const std::vector<std::size_t>& hashes, const std::string& authorization) {
  return std::ranges::find(hashes, hash_of(authorization)) != hashes.end();
}

}  // namespace

// Who has been forgotten is treated like one never seen: the record's own is tried first again.
Authorizations::Known& Authorizations::entry(const User& user) {
  if (users_.size() >= most_users && !users_.contains(user)) users_.erase(users_.begin());
  return users_[user];
}

std::string Authorizations::choose(const User& user, const std::string& own) const {
  const auto known = users_.find(user);
  if (known == users_.end() || !known->second.accepted || !contains(known->second.refused, own)) return own;
  return *known->second.accepted;
}

Authorizations::Refused Authorizations::refused(const User& user, const std::string& used) {
  auto& known = entry(user);
  if (known.accepted == used) known.accepted.reset();  // the password was changed since
  if (!contains(known.refused, used)) known.refused.push_back(hash_of(used));
  if (known.refused.size() > most_refused) known.refused.erase(known.refused.begin());
  return known.accepted ? Refused::another_is_known : Refused::nothing_else;
}

bool Authorizations::accepted(const User& user, const std::string& used) {
  auto& known = entry(user);
  std::erase(known.refused, hash_of(used));
  if (known.accepted == used) return false;
  known.accepted = used;
  return true;
}

void Authorizations::recalled(const User& user, std::string authorization) {
  auto& known = entry(user);
  if (!known.accepted && !contains(known.refused, authorization)) known.accepted = std::move(authorization);
}

}  // namespace titip::delivery
