// A guarded header as a request that has no body yet. Private to this room. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "gateway/http/message.h"

namespace titip::http {

// Up to the empty line and with it. The body is framed by the guarded Content-Length alone, never by what stands here.
std::optional<Request> parse(std::string_view head, std::size_t header_bytes);

}  // namespace titip::http
