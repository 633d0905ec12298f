// The server's numbers in the clinics' requests: a provisional one that a record quotes is replaced by the real one
// when the record is sent, and nothing else is. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/payload.h"
#include "upstream/profile/profile.h"

namespace titip::delivery {

struct Placed {
  std::string at;      // a source of the route: "/noKunjungan", "{noKunjungan}"
  std::string number;  // what belongs there
};

// The request with these numbers in their places, every other byte as it was. Nothing if the target has no such
// segment, or the body no such member: it is not what intake let in.
std::optional<storage::Payload> with_numbers(const profile::Route& route, storage::Payload payload,
                                             const std::vector<Placed>& numbers);

}  // namespace titip::delivery
