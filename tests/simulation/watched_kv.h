// The store's engine in memory: it outlives the process, which may die at any step and inside any commit; and a commit
// may fail. Every record
// that a commit changes is shown to the judge. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/memory_kv.h"
#include "tests/simulation/records.h"

namespace titip::simulation {

class WatchedKv final : public storage::MemoryKv {
 public:
  WatchedKv(Records& records, Findings& findings) : records_(records), findings_(findings) {}

  storage::KvResult<void> commit(const storage::KvBatch& batch) override;
  storage::KvResult<void> note(std::string_view bytes) override {
    return dead_ ? storage::KvResult<void>{} : MemoryKv::note(bytes);
  }

  // The process is gone: from now on nothing it writes lasts.
  void die() { dead_ = true; }
  bool dead() const { return dead_; }
  void live_again() {
    dead_ = false;
    dies_next_.reset();
    fails_next_.reset();
    has_failed_ = false;
  }
  // The next commit fails, and yet it may be there.
  void fail_next_commit(bool it_lasts) { fails_next_ = it_lasts; }
  bool has_failed() const { return has_failed_; }
  // Dies at the next commit: before it lasts, or right after.
  void die_at_next_commit(bool it_lasts) { dies_next_ = it_lasts; }

  // All of it, as a backup would have it; and put back into another engine.
  std::shared_ptr<MemoryKv> copy() const;
  void put_back(const MemoryKv& backup);
  // The judge forgets what it knew and learns what there is.
  void show_all();

 private:
  void show(const storage::KvBatch& batch);

  Records& records_;
  Findings& findings_;
  bool dead_ = false;
  bool silent_ = false;
  std::optional<bool> dies_next_;
  std::optional<bool> fails_next_;
  bool has_failed_ = false;  // in this life
};

}  // namespace titip::simulation
