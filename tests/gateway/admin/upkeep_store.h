// A store for tests of upkeep: the one in memory, with the long runs under the test's own hand and its audit log in
// sight.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/open.h"
#include "tests/storage/forwarding_store.h"

namespace titip::tests {

class UpkeepStore final : public storage::ForwardingStore {
 public:
  explicit UpkeepStore(storage::Store& behind) : ForwardingStore(behind) {}

  void append_audit(std::vector<std::string> lines, storage::Home& home,
                    storage::Done<std::vector<storage::AuditLine>> done) override {
    if (audit_error) return storage::answer_error(home, std::move(done), *audit_error);
    std::vector<storage::AuditLine> added;
    {
      const std::lock_guard lock(mutex_);
      for (auto& line : lines) {
        audited_.push_back(line);
        added.push_back({audited_.size(), {}, std::move(line), {}});
      }
    }
    home.post([done = std::move(done), added = std::move(added)]() mutable { done(std::move(added)); });
  }
  std::vector<std::string> audited() const {
    const std::lock_guard lock(mutex_);
    return audited_;
  }

  void retain(storage::Retain what, storage::Home& home, storage::Done<storage::Retained> done) override {
    retained_with.push_back(what);
    const auto at = std::min(retained_with.size(), slices.size()) - 1;
    home.post([done = std::move(done), answer = slices.at(at)]() mutable { done(std::move(answer)); });
  }

  // Waits for release(); `progress` is called when it begins and by tick().
  void verify(std::function<void(storage::Progress)> progress, storage::Home& home,
              storage::Done<storage::VerifyReport> done) override {
    progress({1, 10});
    const std::lock_guard lock(mutex_);
    verifying_ = [progress = std::move(progress), &home, done = std::move(done), this]() mutable {
      progress({10, 10});
      home.post([done = std::move(done), report = report]() mutable { done(std::move(report)); });
    };
    wake_.notify_all();
  }
  void wait_for_verify() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return verifying_ != nullptr; });
  }
  void release() {
    wait_for_verify();
    std::move_only_function<void()> go;
    {
      const std::lock_guard lock(mutex_);
      go = std::exchange(verifying_, nullptr);
    }
    go();
  }

  void checkpoint(std::filesystem::path directory, storage::Home& home,
                  storage::Done<storage::Checkpoint> done) override {
    storage::Result<storage::Checkpoint> made = storage::Checkpoint{7, 2, 1'500'000};
    if (checkpoint_error) made = std::unexpected(*checkpoint_error);
    if (made) make_a_store(directory);
    home.post([done = std::move(done), made]() mutable { done(made); });
  }
  // A copy that can be looked at: what it holds is not this store's, which lives in memory.
  static void make_a_store(const std::filesystem::path& directory) {
    storage::StoreOptions options;
    options.directory = directory;
    options.now = [] { return storage::WallTime(std::chrono::milliseconds(1'630'000'000'000)); };
    options.on_fatal = [](const std::string&) {};
    if (auto made = storage::open_rocks_store(std::move(options))) (*made)->close();
  }
  storage::Health health() const override { return health_now.value_or(ForwardingStore::health()); }

  std::optional<storage::Error> audit_error;
  std::optional<storage::Error> checkpoint_error;
  std::optional<storage::Health> health_now;
  storage::VerifyReport report;
  std::vector<storage::Result<storage::Retained>> slices{storage::Retained{}};  // the last one again and again
  std::vector<storage::Retain> retained_with;

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> audited_;
  std::move_only_function<void()> verifying_;
};

}  // namespace titip::tests
