// A rejected record with other values at some places, made into a submission as intake makes them: its identity, keys
// and what ties it to other records are read anew, by the profile as it is now. Blocking. Private to the root.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "gateway/admin/edit.h"
#include "gateway/clock/clock.h"
#include "metrics/words/said.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/profile/profile.h"

namespace titip::gateway {

struct EditDoors {
  storage::Store& store;
  const storage::Sealer& sealer;
  const clock::Clock& clock;
};

// The error is a sentence without its point; it names places, never values.
std::expected<admin::Edited, words::Said> edited_record(const profile::Profile& profile, const storage::Submission& old,
                                                        storage::Payload payload, const std::vector<admin::Edit>& edits,
                                                        const EditDoors& doors);

}  // namespace titip::gateway
