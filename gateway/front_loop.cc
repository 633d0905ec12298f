#include "gateway/front_loop.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

namespace titip::gateway {
namespace {

http::ServerOptions server_options(const Config& config) {
  auto options = config.front.limits;
  options.fault_response = front::fault_response;
  return options;
}

// Tells the destination of it once, not at each of a clinic's reads. What is remembered is hashed: it is a password.
std::function<void(const std::string&, const scheme::Credentials&)> let_in(Destination& destination) {
  constexpr std::size_t most_remembered = 100'000;
  return [&destination, told = std::make_shared<std::unordered_set<std::size_t>>()](
             const std::string& facility, const scheme::Credentials& credentials) {
    if (told->size() >= most_remembered) told->clear();
    const auto hash = std::hash<std::string>{}(facility + '\n' + scheme::encode(credentials));
    if (told->insert(hash).second) destination.authorization_accepted(facility, credentials);
  };
}

// How the destination of that name is.
std::function<intake::Standing(std::string_view, std::string_view)> standing_of(
    const std::vector<std::unique_ptr<Destination>>& destinations) {
  return [&destinations](std::string_view name, std::string_view facility) {
    const auto found = std::ranges::find_if(destinations, [&](const auto& each) { return each->name() == name; });
    return found == destinations.end() ? intake::Standing::down : (*found)->standing(facility);
  };
}

}  // namespace

FrontLoop::FrontLoop(std::size_t number, FrontLoopParts parts)
    : loop_("front-" + std::to_string(number)),
      intake_({parts.store,
               loop_,
               parts.sealer,
               parts.clock,
               parts.intake,
               parts.config.front.answer_within,
               &loop_,
               standing_of(parts.destinations),
               {.most = parts.config.front.waiting_answers},
               parts.made_numbers}),
      own_records_(parts.store, loop_, parts.sealer),
      front_(front_doors(parts)),
      server_(
          loop_.context(), server_options(parts.config),
          [this](http::Request request, http::Responder respond) {
            front_.handle(std::move(request), std::move(respond));
          },
          parts.http, parts.clock) {}

front::FrontDoors FrontLoop::front_doors(const FrontLoopParts& parts) {
  std::vector<front::Destination> destinations;
  for (auto& destination : parts.destinations) {
    const reads::PassThroughDoors upstream{destination->profile(),
                                           destination->reads(),
                                           [this](auto work) { loop_.post(std::move(work)); },
                                           parts.config.utc_offset,
                                           parts.reads,
                                           parts.clock,
                                           loop_,
                                           parts.config.front.reads_within,
                                           let_in(*destination)};
    reads_.push_back(std::make_unique<reads::DestinationReads>(
        parts.config.log_in,
        reads::CacheOptions{.memory_bytes = parts.config.front.cache_bytes, .on_disk = parts.kept_reads},
        reads::LogInDoors{
            upstream, destination->name(), parts.store, loop_, parts.sealer, parts.clock,
            [&workers = parts.workers](auto work) { workers.post(std::move(work)); },
            [&destination = *destination](const std::string& facility) { destination.credentials_renewed(facility); },
            parts.log_in_tries}));
    destinations.push_back({destination->name(), &destination->profile(), reads_.back().get()});
  }
  return {std::move(destinations),
          parts.facilities,
          intake_,
          parts.status,
          parts.alive,
          parts.why_not_ready,
          own_records_,
          parts.clock,
          parts.rates,
          [&http = parts.http] { http.refused("facility_rate"); },
          parts.admission,
          [this, &workers = parts.workers](auto work, auto then) {
            workers.post([this, work = std::move(work), then = std::move(then)]() mutable {
              work();
              loop_.post(std::move(then));
            });
          },
          parts.config.front.facility_pending,
          parts.config.front.cors,
          parts.log_in_paces};
}

std::expected<std::uint16_t, std::string> FrontLoop::listen(const std::string& address, std::uint16_t port,
                                                            bool shared) {
  return server_.listen(address, port, shared);
}

std::expected<std::uint16_t, std::string> FrontLoop::listen_on(int socket) {
  return server_.listen_on(socket);
}

void FrontLoop::begin_stop() {
  loop_.post([this] {
    server_.stop();
    intake_.stop_waiting();
  });
}

void FrontLoop::abort() {
  loop_.post([this] { server_.abort(); });
}

}  // namespace titip::gateway
