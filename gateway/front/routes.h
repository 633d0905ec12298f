// Where a request belongs, by its path alone. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace titip::front {

enum class Place {
  nowhere,
  livez,
  readyz,
  openapi,      // /openapi.json
  status,       // /v1/status
  submissions,  // /v1/submissions
  submission,   // /v1/submissions/{rest}
  receipt,      // /v1/receipts/{rest}
  attention,    // /v1/attention
  native,       // /v1/destinations/{destination}/{rest…}
  mount,        // a profile's mount; `rest` begins with a slash
};

std::string_view name(Place place);  // "submissions"

struct Located {
  Place place = Place::nowhere;
  std::size_t destination = 0;  // index into the mounts: of `native` and `mount`
  std::string_view rest;        // path only, no query
};

struct MountPoint {
  std::string mount;        // "/pcare-vaksin"
  std::string destination;  // its name under /v1/destinations
};

Located locate(const std::vector<MountPoint>& mounts, std::string_view path);

}  // namespace titip::front
