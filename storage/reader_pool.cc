#include "storage/reader_pool.h"

#include <utility>

namespace titip::storage {

ReaderPool::~ReaderPool() {
  close();
}

void ReaderPool::start(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

ReaderPool::Taken ReaderPool::submit(Work& work) {
  {
    const std::scoped_lock lock(mutex_);
    if (closing_) return Taken::closed;
    if (waiting_.size() >= most_waiting_) return Taken::full;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return Taken::yes;
}

void ReaderPool::run() {
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

bool ReaderPool::pump() {
  Work work;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) return false;
    work = std::move(waiting_.front());
    waiting_.pop_front();
  }
  work();
  return true;
}

void ReaderPool::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  while (pump()) {
  }
}

}  // namespace titip::storage
