// How the admin API answers: what the gateway said, as JSON; what went wrong, as problem+json (RFC 9457). In the
// language that is wanted, else in English. Pure.
#pragma once

#include <string_view>

#include "gateway/admin/wire.h"
#include "gateway/http/message.h"
#include "metrics/words/said.h"

namespace titip::admin_api {

http::Response problem(int status, std::string_view type, const words::Said& sentence, words::Wanted wanted = {});
// 200 with sentence, result and whether something is left to do; or the problem that it is.
http::Response answer(const admin::Ended& ended, words::Wanted wanted = {});
// It goes on after this answer.
http::Response goes_on(std::string_view look, words::Wanted wanted = {});
// The same for whoever has no token, a wrong one, or one that is no longer valid.
http::Response unauthorized(words::Wanted wanted = {});

}  // namespace titip::admin_api
