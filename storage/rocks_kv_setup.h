// What a test may change of how RocksDB is run: its file system, its clock, its sizes. The only header of ours that
// includes RocksDB; rocks_kv*.cc and tests alone include it. Plain data.
#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace titip::storage {

struct RocksSetup {
  // Every file the store reads or writes, the note too, goes through this Env's FileSystem, and every sleep of the
  // engine through its clock. Null: the default one. Shared by the store until it is closed.
  std::shared_ptr<rocksdb::Env> env;
  // Of every family, so that a short run flushes and compacts too. None: what each family needs.
  std::optional<std::uint64_t> write_buffer_bytes;
  std::optional<std::uint64_t> wal_bytes;        // at most so much log before memory tables are flushed
  std::optional<std::uint64_t> blob_file_bytes;  // a blob file is closed at this size
  std::optional<std::uint64_t> log_ahead_bytes;  // made ready at once (rocks_kv_log_ahead.h); 0: logs just grow
  // False is a control that a crash test must catch: commits are acknowledged before they are on stable storage.
  bool sync = true;
};

}  // namespace titip::storage
