// Reads for those who do not live on the destination's loop: hands the request over, brings the exchange back. Any
// thread.
#pragma once

#include <functional>
#include <utility>

#include "upstream/client/upstream.h"

namespace titip::client {

class ReadDoor {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;

  // `to_loop` runs work on the destination's loop.
  ReadDoor(Upstream& upstream, Post to_loop) : upstream_(upstream), to_loop_(std::move(to_loop)) {}

  // `back` runs the answer where the caller wants it.
  void send(OutboundRequest request, Post back, std::move_only_function<void(rules::Exchange)> done) {
    to_loop_([this, request = std::move(request), back = std::move(back), done = std::move(done)]() mutable {
      upstream_.send_read(
          std::move(request), 0, [back = std::move(back), done = std::move(done)](rules::Exchange exchange) mutable {
            back([done = std::move(done), exchange = std::move(exchange)]() mutable { done(std::move(exchange)); });
          });
    });
  }

  Health health() const { return upstream_.health(); }

 private:
  Upstream& upstream_;
  Post to_loop_;
};

}  // namespace titip::client
