// A national server in the same process: no sockets and no delay, so that the store and the dispatcher are what is
// measured. It makes every body it receives again from its number and compares them byte for byte, and remembers one
// bit a submission. It takes whatever comes; what was wrong with it is in Received. Threads: the loop it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "tests/capacity/bodies.h"
#include "tests/capacity/slowing.h"
#include "upstream/client/transport.h"

namespace titip::capacity {

class NationalServer final : public client::Transport {
 public:
  struct Received {
    std::uint64_t sound = 0;
    std::uint64_t twice = 0;    // the same submission again
    std::uint64_t altered = 0;  // a byte differs from what was posted
    std::uint64_t strange = 0;  // nobody posted this
  };

  // Numbers from `numbers` on are nobody's.
  NationalServer(const Bodies& bodies, std::uint64_t numbers, storage::Home& loop, Slowing slowing = {})
      : bodies_(bodies), loop_(loop), seen_(numbers, false), slowing_(slowing) {}

  void send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) override;
  void close() override {}

  const Received& received() const { return received_; }
  std::uint64_t missing_below(std::uint64_t number) const;
  double own_cpu_s() const { return own_cpu_s_; }  // for comparing and remembering

 private:
  void answer_all();
  rules::Reply take(const client::OutboundRequest& request);

  const Bodies& bodies_;
  storage::Home& loop_;
  std::vector<bool> seen_;
  Slowing slowing_;
  std::string expected_;
  Received received_;
  std::vector<std::pair<client::OutboundRequest, std::move_only_function<void(rules::Exchange)>>> waiting_;
  double own_cpu_s_ = 0;
};

}  // namespace titip::capacity
