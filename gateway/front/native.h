// What /v1 answers about records: a facility's own ones, what needs its attention, a receipt. Threads: the front
// loop's.
#pragma once

#include <optional>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/front/front.h"
#include "gateway/front/routes.h"
#include "gateway/http/message.h"
#include "gateway/reads/own_records.h"
#include "storage/facilities.h"

namespace titip::front {

// Who asks, by any scheme of the destinations, and at which of them. Nothing: nobody that is known.
std::optional<reads::Owner> find_owner(const std::vector<Destination>& destinations,
                                       const storage::Facilities& facilities, const http::Request& request,
                                       clock::WallTime now, const Admission* admission = nullptr);

struct AskedAboutRecords {
  reads::OwnRecords& records;
  std::optional<reads::Owner> owner;
  clock::WallTime now{};
};
// Places submissions, submission, receipt and attention; reads alone.
void answer_about_records(AskedAboutRecords asked, const Located& located, const http::Request& request,
                          http::Responder respond);

}  // namespace titip::front
