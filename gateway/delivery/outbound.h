// From a record to the request that is sent: the stored bytes, the facility's header, the upstream idempotency key, and
// the late-entry reason where the profile's rule wants one. Also the read that asks whether it landed. What the scheme
// makes afresh for every call is added last, by sign(). Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/facilities.h"
#include "storage/payload.h"
#include "storage/submission.h"
#include "upstream/client/transport.h"
#include "upstream/profile/profile.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::delivery {

struct OutboundInput {
  const profile::Profile& profile;
  const profile::Route& route;
  const storage::Submission& record;
  const storage::Payload& payload;
  const storage::Facility& facility;
  std::string_view today;  // in the server's time zone
};

struct Outbound {
  client::OutboundRequest request;
  std::vector<std::string> patched;  // pointers of fields that were set for this attempt
};

enum class Hindrance {
  no_late_entry_reason,  // the day is over and the facility has no reason code: a person must decide
  unreadable,            // the stored body is not what intake let in
};

std::expected<Outbound, Hindrance> build_outbound(const OutboundInput& input);

// Nothing if the record lacks a value the probe's path needs (then nobody can know: park). `start`: so many entries
// stand before the page that is asked for, where the probe's read has pages.
std::optional<client::OutboundRequest> build_probe(const OutboundInput& input, const nlohmann::json& body,
                                                   std::map<std::string, std::string, std::less<>> parameters,
                                                   std::uint64_t start = 0);

// Whether this facility has what its calls are signed with; true where the scheme signs nothing.
bool can_sign(const profile::Profile& profile, const storage::Facility& facility);

// An attempt or a question, signed for this moment: the facility's secret as it is now, the record's own credentials,
// and what opens the reply to this very request. Nothing to do where the scheme signs nothing. The caller has asked
// can_sign().
void sign(client::OutboundRequest& request, const profile::Profile& profile, const storage::Facility& facility,
          const scheme::Credentials& credentials, storage::WallTime at);

// What the clinic sent with it; none if they cannot be read, so that the server says what is missing.
scheme::Credentials credentials_of(const storage::Payload& payload);

}  // namespace titip::delivery
