// What records wait for. A requirement is a key (a route and an identity) or a reference (a provisional number), never
// a record: who provides it, how it stands, and who waits for it. One thread (the writer), over the group's Staging.
//
// Invariants, after every call of the Book:
//  - the providers of a key are, oldest first, the records that list it in `provides` or `references` and are not
//    terminal; and while it is not met, those that are delivered and still wait to read the number of this reference
//    back (they have a due time);
//  - pending: somebody may still meet it. met: somebody was delivered (a reference: and its number is known); for good,
//  unless
//    that one is taken back by another that is delivered: then the key is as if it had never been in custody (a
//    reference stays met: the number goes on naming what it named);
//    failed, cancelled: nobody is left; it is what became of the last one; a failed one is cancelled once it is taken
//    back;
//  - a record stands in `waiter` under each of its requirements exactly while it is blocked or held for a requirement.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

// So many records wait for one key at most: a new one is refused as `overloaded`, and one that comes back from the
// server without what it waits for is deferred instead. It bounds what one settlement may set moving.
inline constexpr std::size_t most_waiters = 1000;

// Blocked, or held because a requirement failed.
bool waits_for_a_requirement(const Submission& submission);

class Requirements {
 public:
  explicit Requirements(Staging& staging) : staging_(staging) {}

  // How the requirements of a record stand together: failed if one failed or was cancelled, else pending if one is.
  enum class Answer : std::uint8_t { clear, pending, failed };
  Answer ask(const Submission& submission);
  bool crowded(const Submission& submission);
  std::optional<Requirement> look(const Digest& key);

  // The part of a record as a provider.
  void provide(const Submission& submission);                                // it came
  void withdraw(const Submission& submission, Requirement::Standing ended);  // it will not meet anything: failed or
                                                                             // cancelled
  void abandon(const Submission& submission);  // it failed, and nobody is to mend it: as if it had been cancelled
  void deliver(const Submission& submission);  // meets `provides`; numbers come apart
  void resolve(const Submission& submission, const Resolved& number);  // meets one reference and its alias
  void give_up(const Submission& submission);                          // no number will come any more
  void read_again(const Submission& submission);                       // one may come after all
  bool lacks_a_number(const Submission& submission);
  void undo(const Submission& submission);  // it was delivered and taken back: what it met by `provides` is met no more

  // The part of a record as one that waits.
  void changed(const Submission& before, const Submission& after);
  std::vector<SubmissionId> waiters(const Digest& key, std::size_t most = std::numeric_limits<std::size_t>::max());

  // Keys whose standing changed since the last call so that those who wait must be looked at again.
  std::vector<Digest> take_moved() { return std::exchange(moved_, {}); }

 private:
  template <class Change>
  void update(const Digest& key, Change change);
  void meet(Requirement& requirement, const SubmissionId& id);

  Staging& staging_;
  std::vector<Digest> moved_;
};

}  // namespace titip::storage
