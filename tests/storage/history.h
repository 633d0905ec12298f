// A random life of a store, done by the Book over an engine in memory, one committed call after the other: accepts with
// requirements, references, corrections and take-backs, attempts, settlements, transitions, erasing, retaining,
// restarts. From one seed always the same. What it leaves behind is what the tests of the whole look at the store are
// about.
#pragma once

#include <functional>
#include <random>
#include <vector>

#include "storage/book.h"
#include "storage/memory_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {

class History {
 public:
  explicit History(std::uint32_t seed) : random_(seed) {}

  void step();
  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }
  MemoryKv& kv() { return kv_; }
  std::vector<SubmissionId> ids() const { return ids_; }
  std::vector<Submission> records() const;  // those that decode
  std::vector<Submission> in_state(State state) const;
  void in_one_call(const std::function<void(Book&)>& call);

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  std::optional<Submission> any();
  SubmissionId next_id();
  void accept();
  void open();
  void settle();
  void transition();
  void read_back();
  void upkeep();

  std::mt19937 random_;
  MemoryKv kv_;
  WallTime now_ = at(noon_ms);
  std::vector<SubmissionId> ids_;
};

}  // namespace titip::storage
