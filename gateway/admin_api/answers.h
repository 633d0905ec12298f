// How the admin API answers: what the gateway said, as JSON; what went wrong, as problem+json (RFC 9457). Pure.
#pragma once

#include <string_view>

#include "gateway/admin/wire.h"
#include "gateway/http/message.h"

namespace titip::admin_api {

http::Response problem(int status, std::string_view type, std::string_view sentence);
// 200 with sentence, result and whether something is left to do; or the problem that it is.
http::Response answer(const admin::Ended& ended);
// It goes on after this answer.
http::Response goes_on(std::string_view look);
// The same for whoever has no token, a wrong one, or one that is no longer valid.
http::Response unauthorized();

}  // namespace titip::admin_api
