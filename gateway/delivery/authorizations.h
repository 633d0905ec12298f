// Which user name and password travel with an attempt, where every request carries its own (X-authorization). A record
// goes with what the clinic sent it with. If the server refuses that, with the newest one of the same user that the
// server has accepted since; that a password is newer proves nothing, for nobody checked it when it came in.
// A user of whom no password is known that the server takes waits alone, at growing intervals, because accounts lock:
// then one record tries it. A password that has not been refused yet is tried at once, once.
// What is refused is remembered as long as this lives; what was accepted outlives it (kept_authorization.h). Pure;
// time is an argument; bounded; one destination's loop. Users and passwords are secrets: what is remembered of the
// refused is hashed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/clock/clock.h"
#include "storage/submission.h"

namespace titip::delivery {

struct AuthorizationOptions {
  std::chrono::milliseconds wait_first{900'000};  // after a refusal; doubles
  std::chrono::milliseconds wait_max{6 * 3600'000};
};

class Authorizations {
 public:
  static constexpr std::size_t most_users = 100'000;
  static constexpr std::size_t most_refused = 8;  // remembered of each user
  // So many different users refused, and nobody known to be let in: it is the facility that the server refuses, and
  // the passwords of its other users are not tried one after the other.
  static constexpr std::size_t users_of_a_refused_facility = 3;

  explicit Authorizations(AuthorizationOptions options = {}) : options_(options) {}

  // Whose they are: a facility's code and the user's name in it.
  using User = std::pair<std::string, std::string>;

  // Of a facility's record with this authorization. One that names no user is a user of its own.
  static User user_of(const std::string& facility, const std::string& authorization);
  static bool has_name(const User& user) { return !user.second.empty() && user.second.front() != nameless; }

  // What an attempt of a record is sent with, whose own authorization is `own`.
  std::string choose(const User& user, const std::string& own) const;

  enum class Turn {
    goes,
    tries,  // goes, and the user's other records wait until this one has ended: began(), ended()
    waits,
  };
  // `facility_waits`: its credentials are taken to be refused, whoever's they are.
  Turn turn(const User& user, const std::string& own, bool facility_waits, clock::SteadyTime now) const;
  void began(const User& user);
  void ended(const User& user);
  // Whether what was refused of this user must not be tried now.
  bool waits(const User& user, clock::SteadyTime now) const;
  std::optional<clock::SteadyTime> next_wake(clock::SteadyTime now) const;  // when the next user's wait ends

  enum class Refused {
    another_is_known,  // the record goes again with that one
    nothing_else,      // the user must wait for a person
  };
  Refused refused(const User& user, const std::string& used, clock::SteadyTime now);

  // The server took it. True: it is not the one that was known, so whoever keeps it should write it down.
  bool accepted(const User& user, const std::string& used);
  // What was written down, in an earlier life; nothing newer is overwritten.
  void recalled(const User& user, std::string authorization);
  // Whether the server refused one of this user's, and has not taken it since.
  bool has_refused(const User& user) const {
    const auto known = users_.find(user);
    return known != users_.end() && !known->second.refused.empty();
  }

  bool in_doubt(const User& user) const { return in_doubt_.contains(user); }
  // Users of the facility were refused, and none is known to be let in.
  bool nobody_let_in(std::string_view facility) const;
  // As above, and so many that it is the facility that is refused.
  bool refuses_facility(std::string_view facility) const;
  // Of two users of a refused facility, whose turn comes first once it is tried again: whoever was never refused, then
  // whoever was so the longest ago.
  bool goes_before(const User& user, const User& other) const;
  // The facility's refusals may have been the fault of something else (its secret was not the right one): each of its
  // users is tried at once, by one record.
  void forgive(std::string_view facility);
  // Refusals since then were everybody's. Once each until the user is let in. Whose they were: facilities.
  std::vector<std::string> forgive_since(clock::SteadyTime since);

 private:
  static constexpr char nameless = '\0';
  struct Known {
    std::optional<std::string> accepted{};
    std::vector<std::size_t> refused{};  // hashes of the last ones that were
    std::chrono::milliseconds wait{0};
    clock::SteadyTime since{};  // of the wait
    bool tries = false;         // a record is under way that shows whether the server takes one
    bool forgiven = false;

    bool in_doubt() const { return !refused.empty() && !accepted; }
    clock::SteadyTime until() const { return since + wait; }
  };
  struct Users {
    std::size_t refused = 0;
    bool any_let_in = false;
  };
  std::optional<clock::SteadyTime> refused_at(const User& user) const;
  Known& entry(const User& user);
  void note(const User& user, const Known& known);
  Users users_of(std::string_view facility) const;

  AuthorizationOptions options_;
  std::map<User, Known> users_;
  std::set<User> in_doubt_;  // of them
};

}  // namespace titip::delivery
