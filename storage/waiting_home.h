// A Home for a thread that has nothing else to do than wait: the drivers of long upkeep (rotation, erasure, export,
// retention) run on a worker thread and ask the asynchronous door one question after the other.
//
//   Result<ScanPage> page = home.ask<ScanPage>([&](auto done) { store.scan(query, home, std::move(done)); });
//
// Threads: ask() from one thread; post() from any (the store's). ask() waits for as long as the store takes; a store
// answers every call, at its close() at the latest, so nobody waits for ever.
// Invariant: when ask() returns, nothing of that call is under way any more. As every Home it must outlive the store's
// close(), or at least every call made with it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "storage/store.h"

namespace titip::storage {

class WaitingHome final : public Home {
 public:
  WaitingHome() = default;
  // For a store that is pumped by hand, in the thread that waits. Says whether it did anything.
  explicit WaitingHome(std::function<bool()> pump) : pump_(std::move(pump)) {}

  void post(std::move_only_function<void()> work) override {
    // Told under the lock: the waiter cannot go on, and this object not die, before we are out of it.
    const std::scoped_lock lock(mutex_);
    work_.push_back(std::move(work));
    wake_.notify_one();
  }

  template <class T, class Call>
  Result<T> ask(Call call) {
    std::optional<Result<T>> answer;
    call(Done<T>([&answer](Result<T> result) { answer.emplace(std::move(result)); }));
    while (!answer) run_next();
    return std::move(*answer);
  }

  // Asks again while the store is overloaded: upkeep can wait, and must not push clinics aside. `call` may run more
  // than once, so it hands copies on.
  template <class T, class Call>
  Result<T> ask_patiently(Call call, std::chrono::milliseconds patience = std::chrono::minutes(1)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (auto pause = std::chrono::milliseconds(5);; pause = std::min(pause * 2, std::chrono::milliseconds(500))) {
      Result<T> answer = ask<T>(call);
      const bool full = !answer && answer.error() == Error::overloaded;
      if (!full || std::chrono::steady_clock::now() >= until) return answer;
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  void run_next() {
    std::move_only_function<void()> next;
    {
      std::unique_lock lock(mutex_);
      while (pump_ && work_.empty()) {
        lock.unlock();
        const bool did_something = pump_();
        lock.lock();
        if (!did_something && work_.empty()) wake_.wait_for(lock, std::chrono::milliseconds(1));
      }
      wake_.wait(lock, [this] { return !work_.empty(); });
      next = std::move(work_.front());
      work_.pop_front();
    }
    next();
  }

  std::function<bool()> pump_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> work_;
};

}  // namespace titip::storage
