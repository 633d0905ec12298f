// A loop: one io_context, one thread, no lock inside. It is a home for the store's answers, a set of timers for the
// rooms that run on it, and it shows that it is alive by a heartbeat.
#pragma once

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gateway/clock/clock.h"
#include "storage/store.h"

namespace titip::gateway {

class Loop final : public storage::Home, public clock::Timers {
 public:
  explicit Loop(std::string name);
  ~Loop() override;  // stops and joins

  void start();
  void stop();  // any thread; returns when the thread has ended

  boost::asio::io_context& context() { return context_; }
  void post(std::move_only_function<void()> work) override;                                  // any thread
  Id after(std::chrono::milliseconds delay, std::move_only_function<void()> work) override;  // this loop's thread
  void cancel(Id id) override;

  // Whether the loop has turned within the last `span`; any thread.
  bool has_turned(std::chrono::milliseconds span) const;

 private:
  struct Pending;
  void beat();

  std::string name_;
  boost::asio::io_context context_{1};
  std::unique_ptr<Pending> pending_;
  std::atomic<std::int64_t> last_beat_ms_{0};
  std::thread thread_;
};

// One thread for slow work (scrypt), off the loops.
class Workers {
 public:
  Workers();
  ~Workers();  // finishes what was given, joins
  void post(std::move_only_function<void()> work);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace titip::gateway
