// Answers of one commit, gathered by the Home they run on, so that each Home is entered once. One thread.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace titip::storage {

class Outbox {
 public:
  using Work = std::move_only_function<void()>;

  void add(Home& home, Work work) {
    for (auto& [known, list] : by_home_) {  // a handful of loops
      if (known == &home) {
        list.push_back(std::move(work));
        return;
      }
    }
    by_home_.emplace_back(&home, std::vector<Work>{});
    by_home_.back().second.push_back(std::move(work));
  }

  void send() {
    for (auto& [home, list] : by_home_) {
      home->post([work = std::move(list)]() mutable {
        for (auto& each : work) each();
      });
    }
    by_home_.clear();
  }

 private:
  std::vector<std::pair<Home*, std::vector<Work>>> by_home_;
};

template <class T>
void refuse(Home& home, Done<T> done, Error error) {
  home.post([done = std::move(done), error]() mutable { done(std::unexpected(error)); });
}

}  // namespace titip::storage
