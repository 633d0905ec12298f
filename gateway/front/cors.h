// Which web pages may read what is answered here (the Fetch standard's CORS protocol): those of the origins that the
// config names, one by one. It lets nobody in: a page proves a facility as any other program does. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "upstream/profile/profile.h"

namespace titip::front {

struct CorsOptions {
  std::vector<std::string> origins{};  // as browsers say them; none: no page
  bool credentials = false;            // pages may have the browser show its certificate for the clinic
  std::uint32_t max_age_s = 600;       // a browser asks again after
};

// Empty: it is an origin as browsers say it; else what to do about it.
std::string fault_of_origin(std::string_view text);

// A browser's question whether it may send what it is about to.
bool is_preflight(const http::Request& request);

// What OPTIONS is answered at a place that has `methods` and reads `fields`: no more than the table of routes says.
http::Response say_options(const CorsOptions& options, const http::Request& request,
                           const std::vector<std::string>& methods, const std::vector<std::string>& fields);

// The fields by which callers of the service say who they are, and those that a body and its sender's wishes need.
std::vector<std::string> fields_read(const profile::Scheme& of);

// A responder whose answer says whether the page that asked may read it.
http::Responder with_cors(std::shared_ptr<const CorsOptions> options, const http::Request& request,
                          http::Responder respond);

}  // namespace titip::front
