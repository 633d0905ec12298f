// Gives the space of erased and replaced values back, piece by piece, so that it gets on with little room: first the
// tombstones and new versions meet what they stand for (a blob file with nothing left goes at once), then tables whose
// blob files are in good part garbage are written anew, one at a time, each only if there is room for it.
// Blocking; one run at a time; give_up() from any thread.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "storage/kv.h"

namespace titip::storage {

class RocksReclaim {
 public:
  RocksReclaim(rocksdb::DB& db, rocksdb::Env& env, std::string directory);
  KvResult<void> run(rocksdb::ColumnFamilyHandle& family);
  void give_up() { given_up_ = true; }
  // About what erased values of the family take still. Any thread.
  std::uint64_t erased_bytes(rocksdb::ColumnFamilyHandle& family) const;
  // Whether all that is only in memory and log so far fits on the disk. Any thread.
  bool has_room_to_flush() const;

 private:
  std::optional<std::uint64_t> free_bytes() const;
  bool has_room_for(std::uint64_t bytes) const;
  KvResult<void> flush(rocksdb::ColumnFamilyHandle& family);
  KvResult<void> settle(rocksdb::ColumnFamilyHandle& family);
  KvResult<void> collect_garbage(rocksdb::ColumnFamilyHandle& family);
  rocksdb::CompactRangeOptions options();

  rocksdb::DB& db_;
  rocksdb::Env& env_;
  const std::string directory_;
  std::atomic<bool> given_up_ = false;
};

}  // namespace titip::storage
