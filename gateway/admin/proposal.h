// An edit that waits for another person's approval. An object named by the record that is to be edited, sealed under
// that record's own data key: whoever erases the record erases it too. Blocking, any thread that may wait. Invariant:
// one of a record at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/edit.h"
#include "gateway/admin/upkeep.h"

namespace titip::admin {

inline constexpr std::string_view proposal_kind = "edit-proposal";

struct Proposal {
  std::vector<Edit> edits;  // personal
  bool not_landed = false;
  std::string reason;
  std::string by;
  std::string at;
};

// What stands for a proposal as it is kept: another one, of the same record and to the same words, has another. Whoever
// approves says which one was seen.
std::string digest_of(const storage::Object& kept, const Doors& doors);

struct KeptProposal {
  Proposal proposal;
  std::string digest;
};

// Its digest; nothing: one waits already.
storage::Result<std::optional<std::string>> keep_proposal(const storage::Submission& record, const Proposal& proposal,
                                                          const Doors& doors);
// Nothing: none waits. `corrupt`: it cannot be read; it can be withdrawn.
storage::Result<std::optional<KeptProposal>> read_proposal(const storage::Submission& record, const Doors& doors);
// Whether there was one; its record need not be there any more.
storage::Result<bool> forget_proposal(const storage::SubmissionId& id, const Doors& doors);

// What an edit comes to, before anything is stored; the error is what to say.
struct PreparedEdit {
  storage::SubmissionId of;
  Edited edited;
};
std::expected<PreparedEdit, Ended> prepare_edit(const storage::Loaded& loaded, const std::vector<Edit>& edits,
                                                bool not_landed, const Doors& doors);
struct EditReasons {
  std::string reason;
  std::string by;
  std::string approved_by{};  // empty: nobody had to
};
Ended send_edit(PreparedEdit prepared, const EditReasons& why, const Doors& doors);
Ended told_edit(const PreparedEdit& prepared);  // of a dry run

}  // namespace titip::admin
