#include "gateway/delivery/authorizations.h"

#include <algorithm>

#include "upstream/scheme/bpjs_calls.h"

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
  if (users_.size() >= most_users && !users_.contains(user)) {
    in_doubt_.erase(users_.begin()->first);
    users_.erase(users_.begin());
  }
  return users_[user];
}

void Authorizations::note(const User& user, const Known& known) {
  if (known.in_doubt()) {
    in_doubt_.insert(user);
  } else {
    in_doubt_.erase(user);
  }
}

Authorizations::User Authorizations::user_of(const std::string& facility, const std::string& authorization) {
  if (auto named = scheme::authorization_user(authorization); named && named->front() != nameless)
    return {facility, *std::move(named)};
  return {facility, nameless + std::to_string(hash_of(authorization))};
}

std::string Authorizations::choose(const User& user, const std::string& own) const {
  const auto known = users_.find(user);
  if (known == users_.end() || !known->second.accepted || !contains(known->second.refused, own)) return own;
  return *known->second.accepted;
}

Authorizations::Turn Authorizations::turn(const User& user, const std::string& own, bool facility_waits,
                                          clock::SteadyTime now) const {
  const auto found = users_.find(user);
  if (found == users_.end() || !found->second.in_doubt()) return facility_waits ? Turn::waits : Turn::goes;
  const auto& known = found->second;
  if (known.tries) return Turn::waits;
  // Where so many were refused that some are forgotten, one that looks new may be as old as they are.
  const bool is_new = !contains(known.refused, own) && known.refused.size() < most_refused;
  if (!is_new && (facility_waits || now < known.until())) return Turn::waits;
  return Turn::tries;
}

void Authorizations::began(const User& user) {
  entry(user).tries = true;
}

void Authorizations::ended(const User& user) {
  if (const auto known = users_.find(user); known != users_.end()) known->second.tries = false;
}

bool Authorizations::waits(const User& user, clock::SteadyTime now) const {
  const auto known = users_.find(user);
  return known != users_.end() && known->second.in_doubt() && (known->second.tries || now < known->second.until());
}

std::optional<clock::SteadyTime> Authorizations::next_wake(clock::SteadyTime now) const {
  std::optional<clock::SteadyTime> next;
  for (const auto& user : in_doubt_) {
    const auto until = users_.at(user).until();
    if (until > now) next = next ? std::min(*next, until) : until;
  }
  return next;
}

Authorizations::Refused Authorizations::refused(const User& user, const std::string& used, clock::SteadyTime now) {
  auto& known = entry(user);
  if (known.accepted == used) known.accepted.reset();  // the password was changed since
  if (!contains(known.refused, used)) known.refused.push_back(hash_of(used));
  if (known.refused.size() > most_refused) known.refused.erase(known.refused.begin());
  note(user, known);
  if (known.accepted) return Refused::another_is_known;
  // Several in flight may be refused at once: one refusal.
  const bool waits_already = known.wait.count() > 0 && now < known.until();
  if (!waits_already) {
    known.wait = known.wait.count() == 0 ? options_.wait_first : std::min(known.wait * 2, options_.wait_max);
    known.since = now;
  }
  return Refused::nothing_else;
}

bool Authorizations::accepted(const User& user, const std::string& used) {
  auto& known = entry(user);
  std::erase(known.refused, hash_of(used));
  known.wait = std::chrono::milliseconds(0);
  known.forgiven = false;
  const bool is_another = known.accepted != used;
  known.accepted = used;
  note(user, known);
  return is_another;
}

void Authorizations::recalled(const User& user, std::string authorization) {
  auto& known = entry(user);
  if (!known.accepted && !contains(known.refused, authorization)) known.accepted = std::move(authorization);
  note(user, known);
}

Authorizations::Users Authorizations::users_of(std::string_view facility) const {
  Users users;
  for (auto each = users_.lower_bound({std::string(facility), {}});
       each != users_.end() && each->first.first == facility; ++each) {
    users.refused += each->second.in_doubt() ? 1 : 0;
    users.any_let_in = users.any_let_in || each->second.accepted;
  }
  return users;
}

bool Authorizations::nobody_let_in(std::string_view facility) const {
  const auto users = users_of(facility);
  return users.refused > 0 && !users.any_let_in;
}

bool Authorizations::refuses_facility(std::string_view facility) const {
  const auto users = users_of(facility);
  return users.refused >= users_of_a_refused_facility && !users.any_let_in;
}

std::optional<clock::SteadyTime> Authorizations::refused_at(const User& user) const {
  const auto known = users_.find(user);
  if (known == users_.end() || !known->second.in_doubt()) return std::nullopt;
  return known->second.since;
}

bool Authorizations::goes_before(const User& user, const User& other) const {
  return refused_at(user) < refused_at(other);
}

void Authorizations::forgive(std::string_view facility) {
  for (auto each = users_.lower_bound({std::string(facility), {}});
       each != users_.end() && each->first.first == facility; ++each) {
    each->second.since = {};
  }
}

std::vector<std::string> Authorizations::forgive_since(clock::SteadyTime since) {
  std::vector<std::string> facilities;
  for (const auto& user : std::vector(in_doubt_.begin(), in_doubt_.end())) {
    auto& known = users_.at(user);
    if (known.forgiven || known.since < since) continue;
    known.since = {};
    known.forgiven = true;
    if (facilities.empty() || facilities.back() != user.first) facilities.push_back(user.first);
  }
  return facilities;
}

}  // namespace titip::delivery
