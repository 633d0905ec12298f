// What both measured processes are made of: the shipped profile, a real key file, a real store on RocksDB, and intake
// on a front loop of the gateway's own kind.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/clock/clock.h"
#include "gateway/intake/intake.h"
#include "gateway/runtime.h"
#include "metrics/catalogue.h"
#include "storage/open.h"
#include "storage/sealing.h"
#include "tests/capacity/bodies.h"
#include "tests/capacity/settings.h"
#include "upstream/profile/profile.h"

namespace titip::capacity {

inline constexpr std::string_view destination = "pcare-vaksin";

// A front loop as the store's answers see it; the only thread that brings them there is the writer.
class Front final : public storage::Home {
 public:
  void post(std::move_only_function<void()> work) override;
  void run(std::move_only_function<void()> work) { loop_.post(std::move(work)); }
  void start() { loop_.start(); }
  void stop() { loop_.stop(); }
  pid_t writer() const { return writer_.load(std::memory_order_relaxed); }  // 0: not known yet

 private:
  gateway::Loop loop_{"front-0"};
  std::atomic<pid_t> writer_{0};
};

class CommitCount final : public metrics::StoreProbes {
 public:
  void committed(std::chrono::nanoseconds, std::size_t) override { ++commits_; }
  void failed(std::string_view) override { ++failures_; }
  std::uint64_t commits() const { return commits_; }
  std::uint64_t failures() const { return failures_; }

 private:
  std::atomic<std::uint64_t> commits_{0}, failures_{0};
};

// What cannot be opened ends the process.
std::unique_ptr<storage::Store> open_store(const Settings& settings, metrics::StoreProbes* probes);

class Gateway {
 public:
  // Opens the store. What cannot be opened ends the process.
  Gateway(const Settings& settings, bool may_create_key);
  ~Gateway();

  intake::Arrival arrival(std::uint64_t number) const;
  std::uint64_t accepted() const;  // in all, as the store counts

  const Bodies bodies;
  const clock::SystemClock clock;
  const profile::Profile profile;
  metrics::Registry registry;
  metrics::IntakeProbes intake_probes{registry};
  CommitCount commits;
  const storage::Sealer sealer;
  const std::unique_ptr<storage::Store> store;
  Front front;
  intake::Intake intake;

 private:
  const profile::Route* const route_;
};

}  // namespace titip::capacity
