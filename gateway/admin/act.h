// What an operator does to records: hold, release, requeue, cancel. The store's own tables decide, in the commit, what
// may be done to which; whoever is refused is told why in a word. Blocking, any thread that may wait.
// Invariant: what is sent again is a new record that names the one it repeats; that one stays as it ended.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/upkeep.h"
#include "storage/store.h"

namespace titip::admin {

struct Acted {
  storage::SubmissionId id;
  std::string refused{};                           // a stable word; empty: it was done
  std::optional<storage::SubmissionId> other{};    // requeue: the new record. Refused: the one that stands in the way
  std::vector<storage::SubmissionId> cancelled{};  // what went with it
  bool went_with_another = false;                  // of the same batch: it needed one that was cancelled before it
};
// A sentence for the word.
words::Said refusal_words(std::string_view refused);

struct Acting {
  Command action = Command::hold;
  bool not_landed = false;  // requeue, cancel: a person looked, and a record that may have landed did not
};

// The word for a verdict; empty: accepted.
std::string word_of(const storage::Verdict& verdict);

// Why this record is refused before the store is asked; empty: it may go on. `loaded` has its payload, for a requeue.
std::string refusal_of(const Acting& acting, const storage::Loaded& loaded, const Doors& doors);

// In the order given; the records as they were read. One commit of the store or two, and where an entry is damaged one
// for each: that one is refused as `damaged`, the others go on. With an error nobody knows how much was done: look at
// each again.
storage::Result<std::vector<Acted>> act(const Acting& acting, const std::vector<storage::Submission>& records,
                                        const Doors& doors);

// Whether this record is as the action leaves it: since `began` it was requeued, or it is held, cancelled, not held.
bool is_done(Command action, const storage::Submission& record, storage::WallTime began);

// Whether it was cancelled because another one was that it needed.
bool went_with_another(const storage::Submission& record);

// The repetition of a record: the same content under a key of its own, with another id and receipt. Nothing: it cannot
// be opened.
std::optional<storage::NewSubmission> repetition_of(const storage::Loaded& loaded, const storage::Sealer& sealer,
                                                    storage::WallTime now);

}  // namespace titip::admin
