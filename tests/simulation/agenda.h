// What is to happen at which time of a simulated day, and the timers of the gateway's one loop. Time stands still
// between two entries, so nothing is polled. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tests/gateway/fakes.h"

namespace titip::simulation {

using std::chrono::milliseconds;

class Agenda {
 public:
  using Id = std::pair<clock::SteadyTime, std::uint64_t>;
  explicit Agenda(const tests::FakeClock& clock) : clock_(clock) {}

  Id at(clock::SteadyTime when, std::move_only_function<void()> work) {
    const Id id{when, next_++};
    entries_.emplace(id, std::move(work));
    return id;
  }
  Id in(milliseconds delay, std::move_only_function<void()> work) {
    return at(clock_.steady() + delay, std::move(work));
  }
  void cancel(const Id& id) { entries_.erase(id); }
  std::optional<clock::SteadyTime> next() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.begin()->first.first);
  }
  // One entry; false: none is due.
  bool run_due() {
    if (entries_.empty() || entries_.begin()->first.first > clock_.steady()) return false;
    auto work = std::move(entries_.begin()->second);
    entries_.erase(entries_.begin());
    work();
    return true;
  }

 private:
  const tests::FakeClock& clock_;
  std::map<Id, std::move_only_function<void()>> entries_;
  std::uint64_t next_ = 0;
};

class LoopTimers final : public clock::Timers {
 public:
  explicit LoopTimers(const tests::FakeClock& clock) : agenda_(clock) {}
  Id after(milliseconds delay, std::move_only_function<void()> work) override {
    const auto id = ++last_;
    known_.emplace(id, agenda_.in(delay, [this, id, work = std::move(work)]() mutable {
      known_.erase(id);
      work();
    }));
    return id;
  }
  void cancel(Id id) override {
    const auto found = known_.find(id);
    if (found == known_.end()) return;
    agenda_.cancel(found->second);
    known_.erase(found);
  }
  bool run_due() { return agenda_.run_due(); }
  std::optional<clock::SteadyTime> next() const { return agenda_.next(); }

 private:
  Agenda agenda_;
  std::unordered_map<Id, Agenda::Id> known_;
  Id last_ = 0;
};

}  // namespace titip::simulation
