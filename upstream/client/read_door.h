// Reads for those who do not live on the destination's loop: hands the request over, brings the exchange back. Any
// thread. Bounded: reads beyond the limit are answered `not_admitted`, so that they cannot take the descriptors that
// delivery and the store need. Log-ins have a few places of their own: anybody may send one, who has proven nothing, so
// they never take a read's.
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
  enum class For : std::uint8_t { read, log_in };

  // `to_loop` runs work on the destination's loop.
  ReadDoor(Upstream& upstream, Post to_loop, std::size_t log_ins_at_once)
      : upstream_(upstream), to_loop_(std::move(to_loop)), log_ins_at_once_(log_ins_at_once) {}

  // `facility`: whose read it is, as far as that is known. `back` runs the answer where the caller wants it.
  void send(OutboundRequest request, For what, std::string facility, Post back,
            std::move_only_function<void(rules::Exchange)> done) {
    auto answer = [back = std::move(back), done = std::move(done)](rules::Exchange exchange) mutable {
      back([done = std::move(done), exchange = std::move(exchange)]() mutable { done(std::move(exchange)); });
    };
    to_loop_([this, request = std::move(request), what, facility = std::move(facility),
              answer = std::move(answer)]() mutable {
      if (!has_place(what)) return answer(rules::Failure::not_admitted);
      auto& in_flight = what == For::read ? reads_ : log_ins_;
      ++in_flight;
      // Facilities are different callers to the breaker, for what one is told may be its own fault; and the targets
      // of a lone one, for one poisoned read must not look like an outage.
      const std::uint64_t thing = std::hash<std::string>{}(request.target) | 1U;
      const std::uint64_t key = facility.empty() ? thing : std::hash<std::string>{}(facility) | 1U;
      upstream_.send_read(std::move(request), {key, std::move(facility), thing}, Upstream::Asker::somebody,
                          [&in_flight, answer = std::move(answer)](rules::Exchange exchange) mutable {
                            --in_flight;
                            answer(std::move(exchange));
                          });
    });
  }

  Health health() const { return upstream_.health(); }

 private:
  // A server that is just coming back is asked one thing at a time, and by a log-in only while no read asks.
  bool has_place(For what) const {
    const bool is_well = upstream_.state() == rules::BreakerState::closed;
    if (what == For::read) return reads_ < (is_well ? at_once : 1);
    return is_well ? log_ins_ < log_ins_at_once_ : reads_ + log_ins_ == 0;
  }

  Upstream& upstream_;
  Post to_loop_;
  const std::size_t log_ins_at_once_;
  std::size_t reads_ = 0;  // in flight; the loop's, as are these
  std::size_t log_ins_ = 0;
};

}  // namespace titip::client
