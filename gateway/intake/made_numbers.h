// Provisional numbers that were made for accepts still under way, so that no two of them are given the same one before
// the store can know. One for all front loops of the process; between nodes only the store's look-up and the width of
// the number keep two apart. Any thread.
#pragma once

#include <mutex>
#include <set>
#include <utility>

#include "storage/submission.h"

namespace titip::intake {

class MadeNumbers {
 public:
  // False: somebody else holds it.
  bool take(const storage::Digest& key) {
    const std::lock_guard lock(mutex_);
    return keys_.insert(key).second;
  }
  void give_back(const storage::Digest& key) {
    const std::lock_guard lock(mutex_);
    keys_.erase(key);
  }

 private:
  std::mutex mutex_;
  std::set<storage::Digest> keys_;
};

// One that is held until this dies.
class HeldNumber {
 public:
  HeldNumber(MadeNumbers& numbers, const storage::Digest& key) : numbers_(&numbers), key_(key) {}
  HeldNumber(HeldNumber&& other) noexcept : numbers_(std::exchange(other.numbers_, nullptr)), key_(other.key_) {}
  HeldNumber& operator=(HeldNumber&&) = delete;
  ~HeldNumber() {
    if (numbers_ != nullptr) numbers_->give_back(key_);
  }

 private:
  MadeNumbers* numbers_;
  storage::Digest key_;
};

}  // namespace titip::intake
