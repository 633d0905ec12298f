// Key-value engines that misbehave as disks do.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "storage/kv.h"
#include "storage/memory_kv.h"

namespace titip::storage {

// Passes everything on, but fails when told to, and can hold commits back so that a group forms behind them.
class FaultyKv : public Kv {
 public:
  explicit FaultyKv(std::shared_ptr<Kv> below) : below_(std::move(below)) {}

  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    if (fail_reads) return std::unexpected(*fail_reads);
    return below_->get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    if (fail_reads) return std::unexpected(*fail_reads);
    return below_->multi_get(family, keys);
  }
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    if (fail_reads) return std::unexpected(*fail_reads);
    return below_->scan(family, prefix, from, visit);
  }
  KvResult<void> commit(const KvBatch& batch) override {
    {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held_; });
      --waiting_;
    }
    const std::size_t number = ++commits;
    if (busy_commits != 0) {
      --busy_commits;
      return std::unexpected(KvError{KvError::Kind::busy, "stalled"});
    }
    if (number == fail_commit) return std::unexpected(KvError{KvError::Kind::failed, "no space left on device"});
    return below_->commit(batch);
  }
  std::unique_ptr<KvReader> snapshot() const override { return below_->snapshot(); }
  KvResult<void> note(std::string_view bytes) override { return below_->note(bytes); }
  KvResult<std::optional<std::string>> noted() const override { return below_->noted(); }
  KvResult<void> reclaim() override { return below_->reclaim(); }
  KvResult<std::uint64_t> checkpoint(const std::filesystem::path& directory) const override {
    return below_->checkpoint(directory);
  }
  void close() override {}

  void hold() { set_held(true); }
  void let_go() { set_held(false); }
  void wait_until_a_commit_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ != 0; });
  }

  std::optional<KvError> fail_reads;          // set only while nobody reads
  std::atomic<std::size_t> commits = 0;       // so far
  std::atomic<std::size_t> fail_commit = 0;   // the one with this number fails; 0: none
  std::atomic<std::size_t> busy_commits = 0;  // the next so many are stalled

 private:
  void set_held(bool held) {
    {
      const std::scoped_lock lock(mutex_);
      held_ = held;
    }
    changed_.notify_all();
  }
  std::shared_ptr<Kv> below_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int waiting_ = 0;
};

// A disk with a cache: what was written is seen at once, but only what was synced survives power_cut().
class CachedDiskKv : public MemoryKv {
 public:
  // With `syncs` false it answers before the data is safe, as a disk that lies, or a store with sync off.
  explicit CachedDiskKv(bool syncs) : syncs_(syncs) {}

  KvResult<void> commit(const KvBatch& batch) override {
    if (auto written = MemoryKv::commit(batch); !written) return written;
    if (++commits_ == fail_sync) {
      // Written, not synced: whether it survives is the kernel's business.
      if (failed_sync_survives) return std::unexpected(safe_failure(batch));
      return std::unexpected(KvError{KvError::Kind::failed, "the sync failed"});
    }
    if (syncs_) return safe_->commit(batch);
    return {};
  }
  KvResult<void> note(std::string_view bytes) override {
    if (auto noted = MemoryKv::note(bytes); !noted || !syncs_) return noted;
    return safe_->note(bytes);
  }
  std::shared_ptr<MemoryKv> power_cut() const { return safe_; }

  std::size_t fail_sync = 0;
  bool failed_sync_survives = false;

 private:
  KvError safe_failure(const KvBatch& batch) {
    if (auto written = safe_->commit(batch); !written) return written.error();
    return {KvError::Kind::failed, "the sync failed"};
  }
  bool syncs_;
  std::size_t commits_ = 0;
  std::shared_ptr<MemoryKv> safe_ = std::make_shared<MemoryKv>();
};

}  // namespace titip::storage
