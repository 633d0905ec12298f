// What operators see of a record beside what the store itself knows: whom it is about, by the profile, and its
// timeline. Private to the root. Pure but for unsealing.
#pragma once

#include <string>

#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/profile/profile.h"

namespace titip::gateway {

// The number that its route keeps the order by; empty: none, or it cannot be read.
std::string person_in(const profile::Profile& profile, const storage::Submission& record,
                      const storage::Payload& payload);

// JSON text: the record with its attempts, and what to do about it in Indonesian and English.
std::string timeline_of(const storage::Loaded& loaded, const storage::Sealer& sealer);

}  // namespace titip::gateway
