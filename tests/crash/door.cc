#include "tests/crash/door.h"

#include <cstdio>
#include <cstdlib>

namespace titip::crash {

namespace {
constexpr std::chrono::seconds patience{60};
}

void Door::post(std::move_only_function<void()> work) {
  const std::scoped_lock lock(mutex_);
  posted_.push_back(std::move(work));
  wake_.notify_one();
}

bool Door::run_posted() {
  std::deque<std::move_only_function<void()>> work;
  {
    const std::scoped_lock lock(mutex_);
    work.swap(posted_);
  }
  for (auto& each : work) each();
  return !work.empty();
}

void Door::run_until_answered() {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (waiting_ > 0) {
    if (run_posted() || (pump_ && pump_())) continue;
    std::unique_lock lock(mutex_);
    if (wake_.wait_until(lock, until, [this] { return !posted_.empty(); })) continue;
    // Answers that still come would write into what is gone by then.
    std::fputs("the store has left a call without an answer for a minute\n", stderr);
    std::_Exit(exit_without_an_answer);  // no SIGABRT: that could be taken for an assertion of the engine
  }
}

}  // namespace titip::crash
