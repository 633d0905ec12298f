#include "gateway/front/admission.h"

#include <algorithm>
#include <random>
#include <utility>

#include "upstream/scheme/api_key.h"

namespace titip::front {
namespace {

constexpr std::size_t slots = 1U << 20U;  // 8 MiB: one machine cannot keep them all full
constexpr std::int64_t second_ns = 1'000'000'000;

std::uint64_t random_salt() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

std::int64_t each_ns(const RateOptions& options) {
  return second_ns / std::max(options.per_second, 1U);
}

}  // namespace

Admission::Admission(AdmissionOptions options, const clock::Clock& clock, std::function<void(std::string_view)> tell)
    : options_(std::move(options)),
      clock_(clock),
      tell_(std::move(tell)),
      salt_(random_salt()),
      slots_(std::make_unique<std::atomic<std::int64_t>[]>(slots)) {}

bool Admission::lets_in(const storage::Facility* facility, std::string_view code, const http::Request& request) const {
  static const storage::Facility nobody;
  if (code.empty()) return false;  // it names nobody, so nobody is being guessed at
  // Certificates and addresses are not found by trying, so whoever tries keys in a facility's name does not shut it
  // out.
  if (facility != nullptr && proves_by_connection(*facility, request)) return true;
  auto& failures = slot(code, request);
  if (is_locked_out(failures)) {
    tell_("locked_out");
    return false;
  }
  // The same work for whom nobody knows.
  const bool proven = proves_by_key(facility != nullptr ? *facility : nobody, request);
  if (proven && facility != nullptr) return true;
  note_failure(failures);
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

std::atomic<std::int64_t>& Admission::slot(std::string_view code, const http::Request& request) const {
  const std::hash<std::string_view> hash;
  std::uint64_t mixed = salt_;
  for (const auto part : {std::string_view(request.remote_address), code})
    mixed = (mixed ^ hash(part)) * 0x9e3779b97f4a7c15U;
  return slots_[(mixed >> 32U) % slots];
}

bool Admission::is_locked_out(const std::atomic<std::int64_t>& slot) const {
  if (options_.failures.per_second == 0) return false;
  const auto whole = each_ns(options_.failures) * std::max(options_.failures.burst, 1U);
  return slot.load(std::memory_order_relaxed) - now_ns() + each_ns(options_.failures) > whole;
}

// Two at once may be counted as one: a bound need not be exact.
void Admission::note_failure(std::atomic<std::int64_t>& slot) const {
  slot.store(std::max(slot.load(std::memory_order_relaxed), now_ns()) + each_ns(options_.failures),
             std::memory_order_relaxed);
}

}  // namespace titip::front
