// The logs of a database that is open: the file WALS beside it. RocksDB itself does not miss a log that is gone, and
// would come up without what stands in it alone. (Its own option for that, track_and_verify_wals_in_manifest, has false
// alarms together with checkpoints in the version we use.) Included by rocks_kv*.cc alone. Blocking.
// Invariant: a log is on the list soon after it was begun; one that RocksDB deletes may stay on it for a while.
#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "storage/rocks_kv_setup.h"

namespace titip::storage {

// Counts the logs that are begun. Any thread.
class LogsBegun : public rocksdb::EventListener {
 public:
  void OnMemTableSealed(const rocksdb::MemTableInfo&) override { ++count_; }
  std::uint64_t count() const { return count_; }

 private:
  std::atomic<std::uint64_t> count_ = 0;
};

// One thread at a time.
class LogList {
 public:
  LogList(std::filesystem::path directory, RocksSetup setup, std::shared_ptr<LogsBegun> begun);
  // Writes down what is there now; again only once another log was begun.
  std::expected<void, std::string> remember();

 private:
  const std::filesystem::path directory_;
  const RocksSetup setup_;
  const std::shared_ptr<LogsBegun> begun_;
  std::optional<std::uint64_t> remembered_;
};

// The name of a log that is on the list, that RocksDB needs still (`first_needed`, by its number), and that is gone. A
// list that is damaged or was never written misses nothing.
std::optional<std::string> missing_log(const std::filesystem::path& directory, const RocksSetup& setup,
                                       std::uint64_t first_needed);

}  // namespace titip::storage
