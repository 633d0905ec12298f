// One thread for what may take minutes (a whole look at the store, a copy of it) and for a small look around now and
// then, so that neither keeps the readers busy.
// Threads: submit and close from any thread; pump() from one, and only where no thread was asked for.
// Invariant: work that submit() took is run exactly once, before close() returns at the latest; close() tells it to
// hurry by stopping().
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "storage/reader_pool.h"

namespace titip::storage {

class Background {
 public:
  using Work = std::move_only_function<void()>;
  static constexpr std::size_t most_waiting = 16;

  Background() = default;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  void start(std::chrono::milliseconds every, std::function<void()> look_around);
  ReaderPool::Taken submit(Work& work);  // moved from only if taken
  bool pump();                           // one piece of work; false: nothing waited
  bool stopping() const { return stopping_; }
  void close();

 private:
  void run(std::chrono::milliseconds every, const std::function<void()>& look_around);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> waiting_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace titip::storage
