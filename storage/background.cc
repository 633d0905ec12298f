#include "storage/background.h"

#include <utility>

namespace titip::storage {

Background::~Background() {
  close();
}

void Background::start(std::chrono::milliseconds every, std::function<void()> look_around) {
  thread_ = std::thread([this, every, look_around = std::move(look_around)] { run(every, look_around); });
}

ReaderPool::Taken Background::submit(Work& work) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return ReaderPool::Taken::closed;
    if (waiting_.size() >= most_waiting) return ReaderPool::Taken::full;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return ReaderPool::Taken::yes;
}

void Background::run(std::chrono::milliseconds every, const std::function<void()>& look_around) {
  auto next_look = std::chrono::steady_clock::now() + every;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, next_look, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;  // close() runs what waits
    }
    if (!pump()) look_around();
    if (std::chrono::steady_clock::now() >= next_look) next_look = std::chrono::steady_clock::now() + every;
  }
}

bool Background::pump() {
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

void Background::close() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  while (pump()) {
  }
}

}  // namespace titip::storage
