#include "gateway/front/log_in_paces.h"

#include <utility>

#include "gateway/http/network.h"

namespace titip::front {
namespace {

constexpr std::size_t buckets = 1U << 16U;  // nobody keeps them all empty: that takes 130,000 requests a second
constexpr std::size_t buckets_of_many = 1U << 10U;

}  // namespace

LogInPaces::LogInPaces(const LogInPaceOptions& options, const clock::Clock& clock,
                       std::function<void(std::string_view)> tell)
    : behind_proxy_(options.behind_proxy),
      clock_(clock),
      tell_(std::move(tell)),
      of_one_(pace_of(options.of_one), buckets),
      of_many_(pace_of(options.of_many), buckets_of_many) {}

std::optional<std::chrono::seconds> LogInPaces::wait(const http::Request& request) {
  auto& paces = stands_for_many(request) ? of_many_ : of_one_;
  const auto wait = paces.take({http::site_of(request.remote_address)}, clock_.steady());
  if (!wait) return std::nullopt;
  tell_("log_in_rate");
  return std::chrono::ceil<std::chrono::seconds>(*wait);
}

bool LogInPaces::stands_for_many(const http::Request& request) const {
  if (request.address_by == http::AddressBy::nobody) return true;
  if (request.address_by == http::AddressBy::connection && behind_proxy_) return true;
  return http::is_loopback(request.remote_address);
}

}  // namespace titip::front
