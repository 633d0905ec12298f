// Which language a request asks to be answered in: Accept-Language (RFC 9110, section 12.5.4). Pure.
#pragma once

#include <string_view>

#include "gateway/http/message.h"
#include "metrics/words/language.h"

namespace titip::http {

// The one with the highest quality, of two that are equal the one named first. Nothing: neither is asked for, or both
// alike by "*". A range that is not understood asks for nothing.
words::Wanted wanted_language(std::string_view accept_language);
// By all such lines of the request.
words::Wanted wanted_language(const Request& request);
// Of a request that was never parsed, because something is wrong with it: by the first such line.
words::Wanted wanted_language_of_head(std::string_view head);

// Says which language the answer is in, if one was asked for, and that others may be told it in another.
void say_language(Response& response, words::Wanted wanted);

}  // namespace titip::http
