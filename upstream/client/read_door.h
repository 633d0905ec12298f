// Reads for those who do not live on the destination's loop: hands the request over, brings the exchange back. Any
// thread. Bounded: reads beyond the limit are answered `not_admitted`, so that they cannot take the descriptors that
// delivery and the store need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "upstream/client/upstream.h"

namespace titip::client {

class ReadDoor {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;
  static constexpr std::size_t at_once = 128;

  // `to_loop` runs work on the destination's loop.
  ReadDoor(Upstream& upstream, Post to_loop) : upstream_(upstream), to_loop_(std::move(to_loop)) {}

  // `facility`: whose read it is, as far as that is known. `back` runs the answer where the caller wants it.
  void send(OutboundRequest request, std::string facility, Post back,
            std::move_only_function<void(rules::Exchange)> done) {
    auto answer = [back = std::move(back), done = std::move(done)](rules::Exchange exchange) mutable {
      back([done = std::move(done), exchange = std::move(exchange)]() mutable { done(std::move(exchange)); });
    };
    to_loop_(
        [this, request = std::move(request), facility = std::move(facility), answer = std::move(answer)]() mutable {
          // A server that is just coming back is asked one thing at a time.
          const auto most = upstream_.state() == rules::BreakerState::closed ? at_once : 1;
          if (in_flight_ >= most) return answer(rules::Failure::not_admitted);
          ++in_flight_;
          // Facilities are different callers to the breaker, for what one is told may be its own fault; and the targets
          // of a lone one, for one poisoned read must not look like an outage.
          const std::uint64_t thing = std::hash<std::string>{}(request.target) | 1U;
          const std::uint64_t key = facility.empty() ? thing : std::hash<std::string>{}(facility) | 1U;
          upstream_.send_read(std::move(request), {key, std::move(facility), thing}, Upstream::Asker::somebody,
                              [this, answer = std::move(answer)](rules::Exchange exchange) mutable {
                                --in_flight_;
                                answer(std::move(exchange));
                              });
        });
  }

  Health health() const { return upstream_.health(); }

 private:
  Upstream& upstream_;
  Post to_loop_;
  std::size_t in_flight_ = 0;  // the loop's
};

}  // namespace titip::client
