// How intake's answers are said: in the national envelope on a mount, as problem+json (RFC 9457) and receipts under
// /v1. In the language that is wanted, else in English. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/intake/intake.h"
#include "metrics/words/said.h"
#include "upstream/profile/prerendered.h"
#include "upstream/profile/profile.h"

namespace titip::front {

// Limits that a facility meets its staff must read of themselves: who does not say a language is told in both.
words::Said in_both(const words::Said& said);

// `type` is the slug of a stable page, e.g. "malformed-json".
http::Response problem(int status, std::string_view type, const words::Said& title, words::Wanted wanted = {},
                       const std::vector<intake::FieldFault>& errors = {}, std::string_view submission = {});

// The same facts inside the national envelope.
http::Response national_fault(const profile::Profile& profile, int status, const words::Said& title,
                              words::Wanted wanted = {}, const std::vector<intake::FieldFault>& errors = {});

http::Response refusal(const profile::Profile& profile, bool on_mount, const intake::Refused& refused,
                       words::Wanted wanted = {});
// `prerendered`: of this route, where there is one.
http::Response acknowledgement(const profile::Profile& profile, const profile::Route& route, bool on_mount,
                               const intake::InCustody& custody, const profile::Prerendered* prerendered = nullptr,
                               words::Wanted wanted = {});

}  // namespace titip::front
