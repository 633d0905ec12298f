#include "gateway/front/routes.h"

namespace titip::front {
namespace {

bool take_prefix(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string_view name(Place place) {
  switch (place) {
    case Place::livez:
      return "livez";
    case Place::readyz:
      return "readyz";
    case Place::openapi:
      return "openapi";
    case Place::status:
      return "status";
    case Place::submissions:
      return "submissions";
    case Place::submission:
      return "submission";
    case Place::receipt:
      return "receipt";
    case Place::attention:
      return "attention";
    case Place::native:
      return "native";
    case Place::mount:
      return "mount";
    case Place::nowhere:
      break;
  }
  return "nowhere";
}

Located locate(const std::vector<MountPoint>& mounts, std::string_view path) {
  if (path == "/livez") return {Place::livez, 0, {}};
  if (path == "/readyz") return {Place::readyz, 0, {}};
  if (path == "/openapi.json") return {Place::openapi, 0, {}};
  if (path == "/v1/status") return {Place::status, 0, {}};
  if (path == "/v1/submissions") return {Place::submissions, 0, {}};
  if (path == "/v1/attention") return {Place::attention, 0, {}};
  auto rest = path;
  if (take_prefix(rest, "/v1/receipts/")) return {Place::receipt, 0, rest};
  if (take_prefix(rest, "/v1/submissions/")) return {Place::submission, 0, rest};
  if (take_prefix(rest, "/v1/destinations/")) {
    const auto slash = rest.find('/');
    const auto name = rest.substr(0, slash);
    for (std::size_t at = 0; at < mounts.size(); ++at)
      if (mounts[at].destination == name && slash != std::string_view::npos)
        return {Place::native, at, rest.substr(slash)};
    return {};
  }
  Located found;
  for (std::size_t at = 0; at < mounts.size(); ++at) {
    rest = path;
    const bool is_below = take_prefix(rest, mounts[at].mount) && rest.starts_with('/');
    const bool is_longer =
        found.place == Place::nowhere || mounts[at].mount.size() > mounts[found.destination].mount.size();
    if (is_below && is_longer) found = {Place::mount, at, rest};
  }
  return found;
}

}  // namespace titip::front
