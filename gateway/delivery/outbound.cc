#include "gateway/delivery/outbound.h"

#include <nlohmann/json.hpp>

#include "upstream/profile/json_text.h"
#include "upstream/profile/splice.h"
#include "upstream/profile/values.h"

namespace titip::delivery {
namespace {

std::vector<std::pair<std::string, std::string>> headers_of(const OutboundInput& input) {
  std::vector<std::pair<std::string, std::string>> headers;
  const auto& scheme = input.profile.scheme;
  if (!scheme.facility_header.empty()) headers.emplace_back(scheme.facility_header, input.record.facility);
  headers.emplace_back("Accept", "application/json");
  return headers;
}

}  // namespace

std::expected<Outbound, Hindrance> build_outbound(const OutboundInput& input) {
  Outbound made;
  made.request.method = input.payload.method;
  made.request.target = input.payload.target;
  made.request.headers = headers_of(input);
  if (!input.payload.content_type.empty())
    made.request.headers.emplace_back("Content-Type", input.payload.content_type);
  if (!input.profile.idempotency_header.empty())
    made.request.headers.emplace_back(input.profile.idempotency_header, '"' + input.record.id.text() + '"');
  made.request.body = input.payload.body;
  if (!input.route.late_entry || input.route.business_date.empty()) return made;

  const auto& pointer = input.route.late_entry->reason_pointer;
  const auto pointers = profile::body_pointers({input.route.business_date, pointer});
  const auto fields = profile::BodyFields::read(input.payload.body, pointers, profile::max_json_depth);
  const auto body = fields ? std::nullopt : profile::parse_request(input.payload.body);
  if (!fields && !body) return std::unexpected(Hindrance::unreadable);
  const auto match = profile::match(input.profile, input.payload.method,
                                    std::string_view(input.payload.target).substr(0, input.payload.target.find('?')));
  const profile::RequestView view{body ? &*body : nullptr, &match.parameters, input.record.facility,
                                  fields ? &*fields : nullptr};
  const auto date = profile::value_of(view, input.route.business_date);
  if (!date || profile::normal_date(input.profile.date_format, *date) == input.today ||
      profile::value_of(view, pointer))
    return made;
  if (input.facility.late_entry_reason.empty()) return std::unexpected(Hindrance::no_late_entry_reason);
  auto spliced = profile::splice_string(input.payload.body, pointer, input.facility.late_entry_reason);
  if (!spliced) return std::unexpected(Hindrance::unreadable);
  made.request.body = std::move(*spliced);
  made.patched.push_back(pointer);
  return made;
}

std::optional<client::OutboundRequest> build_probe(const OutboundInput& input, const nlohmann::json& body,
                                                   std::map<std::string, std::string, std::less<>> parameters,
                                                   std::uint64_t start) {
  if (!input.route.probe) return std::nullopt;
  if (const auto& paging = input.route.probe->paging) {
    parameters["start"] = std::to_string(start);
    parameters["limit"] = std::to_string(paging->size);
  }
  auto path = profile::fill_path(input.route.probe->read, {&body, &parameters, input.record.facility});
  if (!path) return std::nullopt;
  client::OutboundRequest request;
  request.method = "GET";
  request.target = std::move(*path);
  request.headers = headers_of(input);
  return request;
}

bool can_sign(const profile::Profile& profile, const storage::Facility& facility) {
  return profile.scheme.kind != profile::SchemeKind::bpjs_signature ||
         (!facility.consumer_id.empty() && !facility.consumer_secret.empty());
}

void sign(client::OutboundRequest& request, const profile::Profile& profile, const storage::Facility& facility,
          const scheme::Credentials& credentials, storage::WallTime at) {
  if (profile.scheme.kind != profile::SchemeKind::bpjs_signature) return;
  auto call = scheme::sign_call(profile.envelope, {facility.consumer_id, facility.consumer_secret}, credentials,
                                std::chrono::floor<std::chrono::seconds>(at));
  request.add_signed(std::move(call.headers), std::move(call.open));
}

scheme::Credentials credentials_of(const storage::Payload& payload) {
  return scheme::decode_credentials(payload.credentials).value_or(scheme::Credentials{});
}

}  // namespace titip::delivery
