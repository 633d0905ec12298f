// What a facility is told by its callback, and how that enters custody: as a record of its own, of the destination
// `callback`, in the very commit of the settlement it tells of. So it is queued, tried, counted, verified, backed up
// and retained like any other record. Its body names nobody: what happened, to which submission, when. Where to, and
// signed with what, is looked up at every attempt and not kept here. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/facilities.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::delivery {

using storage::callback_destination;

struct CallbackNews {
  const storage::Submission& record;  // as it stood before
  storage::Event event;
  std::string_view rule;  // that decided it
  storage::WallTime now;
};

// What is to be told if the event brings the record to an end: a rejection or an expiry always, a delivery where the
// facility wants to know. Nothing for a facility without a callback. News of one record have one ordering key.
std::vector<storage::News> callback_news(const storage::Sealer& sealer, const storage::Facility* facility,
                                         const CallbackNews& what, std::uint64_t most_due);

}  // namespace titip::delivery
