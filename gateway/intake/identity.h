// What identifies a submission, read from its body and path by the profile: required fields, ordering key, natural key,
// business date, and what ties it to other records. Dates are year first here, however the service writes them, so that
// keys agree. Pure. All faults in one answer, each with the place it is at.
#pragma once

#include <expected>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/profile.h"

namespace titip::intake {

struct FieldFault {
  std::string pointer;
  words::Said sentence;
};

struct Identity {
  std::vector<std::string> ordering;                // values, in the profile's order
  std::optional<std::vector<std::string>> natural;  // with the business date last
  std::string business_date;                        // YYYY-MM-DD; empty if the route has none
  profile::Chain chain;                             // what it says about other records
};

struct IdentityInput {
  const profile::Route& route;
  const nlohmann::json& body;
  const std::map<std::string, std::string, std::less<>>& parameters;
  std::string_view facility;
  profile::DateFormat date_format = profile::DateFormat::year_first;
};

std::expected<Identity, std::vector<FieldFault>> read_identity(const IdentityInput& input);

// The same from the body's text: `pointers` is what identity_pointers() says of the route. A route that reads nothing
// in the body takes none at all, and a DELETE of such a route takes any: some clients send "null".
struct IdentityText {
  const profile::Route& route;
  const std::vector<std::string>& pointers;
  std::string_view body;
  const std::map<std::string, std::string, std::less<>>& parameters;
  std::string_view facility;
  profile::DateFormat date_format = profile::DateFormat::year_first;
};
std::vector<std::string> identity_pointers(const profile::Route& route);
struct BodyFaults {
  bool is_json = true;  // false: the one fault says where it stops being JSON
  std::vector<FieldFault> faults;
};
std::expected<Identity, BodyFaults> read_identity(const IdentityText& input);

// Parses a body as JSON; the fault says where it stops being JSON. Nesting is bounded.
std::expected<nlohmann::json, FieldFault> parse_body(std::string_view body);

// JSON pointers at which two bodies differ, at most `limit`; names of places, never values.
std::vector<std::string> differing_places(const nlohmann::json& before, const nlohmann::json& now, std::size_t limit);

}  // namespace titip::intake
