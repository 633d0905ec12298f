// The doors of the gateway's rooms, faked: a clock that stands still until it is moved, a home whose work runs when the
// test says so, a national server that answers when the test says so. One thread, no sleeping.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/clock/clock.h"
#include "storage/open.h"
#include "storage/sealing.h"
#include "tests/gateway/temporary_directory.h"
#include "upstream/client/transport.h"

namespace titip::tests {

// 2021-08-16 08:00 in Jakarta.
inline constexpr clock::WallTime morning{std::chrono::milliseconds(1'629'075'600'000)};

class FakeClock final : public clock::Clock {
 public:
  clock::WallTime wall() const override { return wall_; }
  clock::SteadyTime steady() const override { return steady_; }
  void advance(std::chrono::milliseconds by) {
    wall_ += by;
    steady_ += by;
  }
  void jump_wall(std::chrono::milliseconds by) { wall_ += by; }  // somebody set the clock

 private:
  clock::WallTime wall_ = morning;
  clock::SteadyTime steady_{std::chrono::hours(1000)};
};

class FakeTimers final : public clock::Timers {
 public:
  explicit FakeTimers(const FakeClock& clock) : clock_(clock) {}
  Id after(std::chrono::milliseconds delay, std::move_only_function<void()> work) override;
  void cancel(Id id) override;
  bool run_due();  // one timer; false: none is due
  std::optional<clock::SteadyTime> next() const;
  std::size_t count() const { return timers_.size(); }

 private:
  struct Timer {
    clock::SteadyTime at;
    std::move_only_function<void()> work;
  };
  const FakeClock& clock_;
  std::map<Id, Timer> timers_;
  Id next_id_ = 1;
};

// A loop's home: work waits until run().
class FakeHome final : public storage::Home {
 public:
  void post(std::move_only_function<void()> work) override { work_.push_back(std::move(work)); }
  bool run();  // one piece of work; false: there was none

 private:
  std::deque<std::move_only_function<void()>> work_;
};

// A national server by script: requests wait here until they are answered.
class ScriptedTransport final : public client::Transport {
 public:
  struct Call {
    client::OutboundRequest request;
    std::move_only_function<void(rules::Exchange)> done;
  };
  // Asked for every new request: an answer, or nothing to leave it waiting.
  using Server = std::function<std::optional<rules::Exchange>(const client::OutboundRequest&)>;

  void send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) override;
  void close() override;

  bool run();  // lets the server answer one new request; false: nothing to answer
  void answer(std::size_t place, rules::Exchange exchange);  // one of `waiting()`
  const std::deque<Call>& waiting() const { return waiting_; }
  std::vector<client::OutboundRequest> open() const;  // sent and not answered
  std::size_t count(std::string_view method, std::string_view target) const;

  Server server;                                                   // empty: everything waits
  std::function<void(const client::OutboundRequest&)> on_request;  // sees every request as it is sent
  std::vector<client::OutboundRequest> seen;                       // all requests, in order

 private:
  std::deque<Call> new_;
  std::deque<Call> waiting_;
  bool closed_ = false;
};

std::string_view header(const client::OutboundRequest& request, std::string_view name);
// A reply in the national envelope.
rules::Reply national(int http_status, int code, std::string_view message, std::string_view response = "null");

// A sealer whose key file lives as long as it does.
class TestSealer {
 public:
  TestSealer();
  TestSealer(const TestSealer&) = delete;
  TestSealer& operator=(const TestSealer&) = delete;
  const storage::Sealer& operator*() const { return *sealer_; }

 private:
  TemporaryDirectory directory_;
  std::optional<storage::Sealer> sealer_;
};

}  // namespace titip::tests
