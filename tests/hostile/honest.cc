#include "tests/hostile/honest.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tests/day/http_client.h"
#include "tests/sampler/bodies.h"

namespace titip::hostile {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr std::uint32_t clinics = 4;
constexpr auto pace = 40ms;  // of each
constexpr auto patience = 5'000ms;
constexpr auto is_slow = 50ms;
constexpr std::size_t most_told = 5;
constexpr const char* facility = "P0002";

struct Asked {
  day::HttpRequest request;
  int status = 0;
};

Asked a_registration(std::uint32_t number) {
  return {{"POST",
           "/v1/destinations/pcare-vaksin/sasaran/simpan",
           {{"x-kdppk", facility}, {"Content-Type", "application/json"}, {"Prefer", "respond-async"}},
           sampler::registration_body(sampler::make_person(7, number))},
          202};
}

Asked a_read(std::string target) {
  return {{"GET", std::move(target), {{"x-kdppk", facility}}, {}}, 200};
}

}  // namespace

double Served::p99_ms() const {
  if (took.empty()) return 0;
  auto sorted = took;
  std::ranges::sort(sorted);
  return static_cast<double>(sorted[(sorted.size() - 1) * 99 / 100].count()) / 1000;
}

Honest::Honest(std::uint16_t port, std::uint32_t first_person) : port_(port), next_person_(first_person) {
  for (std::uint32_t clinic = 0; clinic < clinics; ++clinic) threads_.emplace_back([this, clinic] { work(clinic); });
}

Served Honest::stop() {
  stopped_ = true;
  threads_.clear();
  return std::move(served_);
}

void Honest::work(std::uint32_t clinic) {
  day::HttpClient client(port_);
  auto next = Clock::now() + clinic * pace / clinics;
  for (std::uint32_t round = clinic; !stopped_; ++round, next += pace) {
    std::this_thread::sleep_until(next);
    auto asked = round % 3 == 0   ? a_registration(next_person_++)
                 : round % 3 == 1 ? a_read("/v1/submissions?limit=5")
                                  : a_read("/v1/status");
    const auto began = Clock::now();
    const auto reply = client.exchange(asked.request, patience);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
    const std::lock_guard lock(mutex_);
    ++served_.asked;
    served_.took.push_back(took);
    if (took > is_slow) {
      served_.slow.push_back(fmt::format("{} ms for {} {} after {:.1f} s", took.count() / 1000, asked.request.method,
                                         asked.request.target,
                                         std::chrono::duration<double>(began - started_).count()));
    }
    if (reply && reply->status == asked.status) {
      ++served_.ok;
    } else if (served_.wrong.size() < most_told) {
      served_.wrong.push_back(
          fmt::format("{} {}: {}", asked.request.method, asked.request.target,
                      reply ? fmt::format("{} {}", reply->status, reply->body.substr(0, 200)) : reply.error().words));
    }
  }
}

}  // namespace titip::hostile
