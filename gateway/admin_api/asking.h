// Makes the request of the control socket that an HTTP request stands for. What it must fulfil is checked where every
// request is (admin::parse_request), so that the API refuses what the command line refuses, in the same words. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/admin/wire.h"
#include "gateway/admin_api/routes.h"
#include "gateway/clock/clock.h"

namespace titip::admin_api {

struct Asked {
  admin::Request request;
  std::optional<std::uint64_t> at_most;  // of a bulk action: as many as its preview counted
};

// The error is a sentence.
std::expected<Asked, words::Said> asked(const Found& found, std::string_view query, std::string_view body,
                                        clock::WallTime now);

}  // namespace titip::admin_api
