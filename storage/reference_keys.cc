#include "storage/reference_keys.h"

namespace titip::storage {

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text.append(std::to_string(value.size())).append(":").append(value).append(",");
  return text;
}

Digest reference_key(const Sealer& sealer, const KeySpace& space, std::string_view name,
                     const std::vector<std::string>& scope, std::string_view number) {
  return sealer.keyed_hash("reference", {space.destination, space.facility, name, joined(scope), number});
}

Digest requirement_key(const Sealer& sealer, const KeySpace& space, std::string_view route,
                       const std::vector<std::string>& identity) {
  return sealer.keyed_hash("requirement", {space.destination, space.facility, route, joined(identity)});
}

}  // namespace titip::storage
