// What an action is done to, as the audit log names it: before and after, by a keyed hash. The log so says that
// something was changed and into what, to whoever can make the same hash of what is there, and nothing of a person to
// anybody else; and if what stands before one action is not what stood after the last, somebody else was at work in
// between. Blocking, any thread that may wait.
//
//   subject        of                                          the hash covers
//   record:ID      hold, release, requeue, cancel, edits       state, rule, the record it was replaced by, content
//   facility:CODE  whatever changes facilities                 all that is kept of it, secrets too
//   token:NAME     admin token add, revoke                     role, hash and dates
//   gate:WHAT      pause, resume                               since when, and why
//   drain:DEST     whatever is of a drain                      the drain as it is kept
//   bulk:COUNT     an action on all that a filter fits         of each record in turn: id, state, rule, replaced by
//
// Of a bulk action it is rolled on from batch to batch and kept with the job, so that it outlives the process. An
// erasure has none on purpose: a hash would outlive what it is of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/upkeep.h"

namespace titip::admin {

struct Subject {
  std::string name;
  std::optional<storage::Digest> before{};  // nothing: it is not there, or was erased
  std::optional<storage::Digest> after{};
};

// As they are now, in `before`. At most `subjects_told`, else one that stands for all of them ("all:COUNT").
inline constexpr std::size_t subjects_told = 50;
std::vector<Subject> subjects_of(const Request& request, const Doors& doors);
// As they are now, in `after`; with the record that came of it, if one did.
void look_again(std::vector<Subject>& subjects, const Request& request, const Ended& ended, const Doors& doors);

// Goes on from `so_far` over these records, in their order. What cannot be read is left out.
storage::Digest rolled(const storage::Digest& so_far, const std::vector<storage::Submission>& records,
                       const Doors& doors);

// Of a facility that is told in the log.
std::string facility_subject(const std::string& code);
storage::Digest fingerprint(const storage::Sealer& sealer, const std::string& subject, const std::string& bytes);

}  // namespace titip::admin
