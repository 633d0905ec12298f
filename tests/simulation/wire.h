// The wire between one life of the gateway and the national server. What leaves is judged before it leaves: the open
// mark, the idempotency key, the order, the breaker, the gates. One thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "tests/simulation/breaker_watch.h"
#include "tests/simulation/controls.h"
#include "tests/simulation/national.h"
#include "tests/simulation/watched_kv.h"
#include "upstream/client/upstream.h"

namespace titip::simulation {

class Wire final : public client::Transport {
 public:
  struct Doors {
    const tests::FakeClock& clock;
    National& national;
    Records& records;
    Findings& findings;
    WatchedKv& kv;
    LoopTimers& timers;  // of this life
    Control control = Control::none;
    std::function<bool(const std::string& facility)> gated;
    BreakerWatch::Pauses pauses{};
  };
  explicit Wire(Doors doors) : doors_(std::move(doors)), watch_(doors_.pauses) {}

  void send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) override;
  void close() override {}

 private:
  Known* judge(const client::OutboundRequest& request);
  void judge_body(const Form& form, const client::OutboundRequest& request);

  Doors doors_;
  std::map<std::string, std::string> open_;  // writes under way: the person, and what
  BreakerWatch watch_;
  std::uint32_t attempts_ = 0;
};

}  // namespace titip::simulation
