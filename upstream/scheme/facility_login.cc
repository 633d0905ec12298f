#include "upstream/scheme/facility_login.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "upstream/profile/envelope.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/source.h"

namespace titip::scheme {
namespace {

using nlohmann::json;

constexpr std::size_t max_credential_bytes = 256;

// The loader allows only plain names here, neither inside the other.
void put(json& document, std::string_view pointer, std::string_view value) {
  json* here = &document;
  for (const std::string_view token : profile::segments_of(pointer)) {
    here = &(*here)[std::string(token)];
  }
  *here = value;
}

std::optional<std::string> credential(const json& body, std::string_view pointer) {
  const json* value = profile::resolve(body, pointer);
  if (value == nullptr || value->is_structured() || value->is_boolean()) {
    return std::nullopt;
  }
  std::string text = profile::text_of(*value);
  return text.empty() || text.size() > max_credential_bytes ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

std::string login_body(const profile::Scheme& scheme, std::string_view username, std::string_view password) {
  json body = json::object();
  put(body, scheme.username_pointer, username);
  put(body, scheme.password_pointer, password);
  return profile::dump_json(body);
}

std::optional<Login> read_login_request(const profile::Scheme& scheme, std::string_view body) {
  const auto document = profile::parse_json(body);
  if (!document) {
    return std::nullopt;
  }
  auto username = credential(*document, scheme.username_pointer);
  auto password = credential(*document, scheme.password_pointer);
  if (!username || !password) {
    return std::nullopt;
  }
  return Login{*std::move(username), *std::move(password)};
}

LoginReply read_login_reply(const profile::Profile& profile, std::optional<int> http_status, std::string_view body) {
  const auto document = http_status ? profile::parse_json(body) : std::nullopt;
  const auto envelope = document ? profile::envelope_in(profile.envelope, *document) : std::nullopt;
  if (!envelope) {
    return {};
  }
  const int status_class = *http_status / 100;
  if (status_class == 2 && (envelope->code == 200 || envelope->code == 201)) {
    const json* facility = profile::resolve(*document, profile.scheme.login_facility_pointer);
    if (facility == nullptr || !facility->is_string() || !is_facility_code(facility->get_ref<const std::string&>())) {
      return {};  // let in, but as whom?
    }
    return {.verdict = LoginVerdict::accepted, .facility = facility->get<std::string>()};
  }
  // Which codes a wrong password earns is not documented; these all blame the request. A 429 or 408 does not.
  constexpr std::array refusals{400, 401, 403, 404, 412, 422};
  const bool refused = (status_class == 2 || status_class == 4) && *http_status != 429 && *http_status != 408 &&
                       std::ranges::find(refusals, envelope->code) != refusals.end();
  return {.verdict = refused ? LoginVerdict::refused : LoginVerdict::inconclusive, .facility = {}};
}

bool is_facility_code(std::string_view code) {
  return !code.empty() && code.size() <= 32 && code != "." && code != ".." && std::ranges::all_of(code, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

std::optional<Header> facility_header(const profile::Scheme& scheme, std::string_view facility) {
  if (scheme.facility_header.empty() || !is_facility_code(facility)) {
    return std::nullopt;
  }
  return Header{scheme.facility_header, std::string(facility)};
}

}  // namespace titip::scheme
