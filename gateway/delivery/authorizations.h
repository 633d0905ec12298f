// Which user name and password travel with an attempt, where every request carries its own (X-authorization). A record
// goes with what the clinic sent it with. If the server refuses that, with the newest one of the same user that the
// server has accepted since; that a password is newer proves nothing, for nobody checked it when it came in.
// What is refused is remembered as long as this lives; what was accepted outlives it (kept_authorization.h). Pure;
// bounded; one destination's loop. Users and passwords are secrets: what is remembered of the refused is hashed.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/submission.h"

namespace titip::delivery {

class Authorizations {
 public:
  static constexpr std::size_t most_users = 100'000;
  static constexpr std::size_t most_refused = 8;  // remembered of each user

  // Whose they are: a facility's code and the user's name in it.
  using User = std::pair<std::string, std::string>;

  // What an attempt of a record is sent with, whose own authorization is `own`.
  std::string choose(const User& user, const std::string& own) const;

  enum class Refused {
    another_is_known,  // the record goes again with that one
    nothing_else,      // the facility must wait for a person
  };
  Refused refused(const User& user, const std::string& used);

  // The server took it. True: it is not the one that was known, so whoever keeps it should write it down.
  bool accepted(const User& user, const std::string& used);
  // What was written down, in an earlier life; nothing newer is overwritten.
  void recalled(const User& user, std::string authorization);
  // Whether the server refused one of this user's, and has not taken it since.
  bool has_refused(const User& user) const {
    const auto known = users_.find(user);
    return known != users_.end() && !known->second.refused.empty();
  }

 private:
  struct Known {
    std::optional<std::string> accepted{};
    std::vector<std::size_t> refused{};  // hashes of the last ones that were
  };
  Known& entry(const User& user);

  std::map<User, Known> users_;
};

}  // namespace titip::delivery
