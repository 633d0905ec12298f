#include "gateway/front/admission.h"

#include <algorithm>
#include <string>
#include <utility>

#include "upstream/scheme/api_key.h"

namespace titip::front {
namespace {

constexpr std::size_t buckets = 1U << 20U;  // 8 MiB: one machine cannot keep them all empty

}  // namespace

Admission::Admission(AdmissionOptions options, const clock::Clock& clock, std::function<void(std::string_view)> tell)
    : options_(std::move(options)),
      clock_(clock),
      tell_(std::move(tell)),
      failures_(pace_of(options_.failures), buckets) {}

bool Admission::lets_in(const storage::Facility* facility, std::string_view code, const http::Request& request) const {
  static const storage::Facility nobody;
  if (code.empty()) return false;  // it names nobody, so nobody is being guessed at
  // Certificates and addresses are not found by trying, so whoever tries keys in a facility's name does not shut it
  // out.
  if (facility != nullptr && proves_by_connection(*facility, request)) return true;
  const auto site = http::site_of(request.remote_address);
  const auto now = clock_.steady();
  if (failures_.is_empty({site, code}, now)) {
    tell_("locked_out");
    return false;
  }
  // The same work for whom nobody knows.
  const bool proven = proves_by_key(facility != nullptr ? *facility : nobody, request);
  if (proven && facility != nullptr) return true;
  static_cast<void>(failures_.take({site, code}, now));
  tell_("not_admitted");
  return false;
}

bool Admission::comes_from_network(const http::Request& request) const {
  if (request.address_by == http::AddressBy::nobody) return false;
  if (request.address_by == http::AddressBy::connection && options_.networks_by_proxy) return false;
  return std::ranges::any_of(options_.networks, [&](const auto& each) { return each.has(request.remote_address); });
}

bool Admission::proves_by_connection(const storage::Facility& facility, const http::Request& request) const {
  bool proven = comes_from_network(request);
  if (request.peer_names && !options_.certificate_domain.empty())
    proven |= std::ranges::find(*request.peer_names, facility.code + "." + options_.certificate_domain) !=
              request.peer_names->end();
  return proven;
}

bool Admission::proves_by_key(const storage::Facility& facility, const http::Request& request) const {
  const auto key = request.header(scheme::api_key_header);
  if (!options_.api_keys || key.empty() || key.size() > scheme::most_api_key) return false;
  const auto hash = scheme::api_key_hash(key);
  const bool is_current = scheme::api_key_is(facility.api_key_hash, hash);
  const bool is_former = scheme::api_key_is(facility.former_api_key_hash, hash);
  return is_current || is_former;
}

}  // namespace titip::front
