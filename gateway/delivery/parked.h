// Records that wait because the server refused the password of the user who sent them, and for nothing else: they stay
// due in the store, and a look at their lane passes over them (DueQuery::without), so that the same facility's other
// users go on. Known for as long as this lives; pure; bounded; one destination's loop.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/delivery/authorizations.h"
#include "storage/queries.h"

namespace titip::delivery {

class Parked {
 public:
  static constexpr std::size_t most = 50'000;  // of all facilities together: some megabytes
  bool full() const { return size_ >= most; }

  void park(const Authorizations::User& user, const storage::SubmissionId& id);
  // Theirs are looked at again.
  void let_go(const Authorizations::User& user);
  // Whose wait is over by `waits`, and let go of: the facilities that they belong to.
  template <typename Waits>
  std::vector<std::string> let_go_unless(const Waits& waits) {
    std::vector<Authorizations::User> over;
    for (const auto& [user, ids] : by_user_)
      if (!waits(user)) over.push_back(user);
    std::vector<std::string> facilities;
    for (const auto& user : over) {
      let_go(user);
      facilities.push_back(user.first);
    }
    return facilities;
  }

  // Who of a facility goes before its others by `before`, among those whom `may` lets; nobody.
  template <typename May, typename Before>
  std::optional<Authorizations::User> first_of(const std::string& facility, const May& may,
                                               const Before& before) const {
    std::optional<Authorizations::User> first;
    for (auto each = by_user_.lower_bound({facility, {}}); each != by_user_.end() && each->first.first == facility;
         ++each) {
      if (may(each->first) && (!first || before(each->first, *first))) first = each->first;
    }
    return first;
  }

  // What a question about this facility's lane leaves out; nothing: nobody's. It stays as it is for whoever holds it.
  std::shared_ptr<const storage::SubmissionIds> of(const std::string& facility);
  bool any() const { return size_ > 0; }
  std::size_t size() const { return size_; }

 private:
  struct Facility {
    std::shared_ptr<storage::SubmissionIds> ids = std::make_shared<storage::SubmissionIds>();
    bool lent = false;  // somebody may be reading it: the next change is made to a copy
  };
  storage::SubmissionIds& to_change(const std::string& facility);

  std::map<Authorizations::User, std::vector<storage::SubmissionId>> by_user_;
  std::map<std::string, Facility, std::less<>> by_facility_;
  std::size_t size_ = 0;
};

}  // namespace titip::delivery
