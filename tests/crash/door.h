// Asks a store and waits for what it answers, on one thread; the store may be pumped by hand or have threads of its
// own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "storage/store.h"

namespace titip::crash {

// The status of a process that waited for an answer in vain.
inline constexpr int exit_without_an_answer = 9;

class Door : public storage::Home {
 public:
  // `pump` is for a store without threads; it says whether it did anything.
  explicit Door(storage::Store& behind, std::function<bool()> pump = {}) : store(behind), pump_(std::move(pump)) {}

  storage::Store& store;

  void post(std::move_only_function<void()> work) override;

  // A call whose answer is taken up later, by run_until_answered(): several of these share a group.
  template <class T, class Call>
  void send(Call call, std::move_only_function<void(storage::Result<T>)> take) {
    ++waiting_;
    call(storage::Done<T>([this, take = std::move(take)](storage::Result<T> result) mutable {
      --waiting_;
      take(std::move(result));
    }));
  }
  // A store that leaves a call without an answer for a minute breaks its contract: that ends the process.
  void run_until_answered();

  template <class T, class Call>
  storage::Result<T> ask(Call call) {
    auto answer = storage::Result<T>(std::unexpected(storage::Error::in_doubt));
    send<T>(std::move(call), [&answer](storage::Result<T> result) { answer = std::move(result); });
    run_until_answered();
    return answer;
  }

 private:
  bool run_posted();
  std::function<bool()> pump_;
  std::size_t waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> posted_;
};

}  // namespace titip::crash
