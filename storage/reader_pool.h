// Reads that may touch the disk: a few threads and a bounded line in front of them.
// Threads: submit from any thread; pump() from one, and only where no threads were asked for.
// Invariant: work that submit() took is run exactly once, before close() returns at the latest.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace titip::storage {

class ReaderPool {
 public:
  using Work = std::move_only_function<void()>;
  enum class Taken { yes, full, closed };

  explicit ReaderPool(std::size_t most_waiting = 4096) : most_waiting_(most_waiting) {}
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  ~ReaderPool();

  void start(int threads);
  Taken submit(Work& work);  // moved from only if taken
  bool pump();               // one read; false: nothing waited
  void close();

 private:
  void run();

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> waiting_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace titip::storage
