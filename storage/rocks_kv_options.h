// How RocksDB is run: its options, family by family, with the reason for each that is not its default.
// Included by rocks_kv*.cc alone. Pure.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/kv.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {

inline constexpr std::uint64_t mib = 1U << 20U;
// What one compaction of levels takes in at most: so much room it needs, for a moment.
inline constexpr std::uint64_t max_compaction_bytes = 256 * mib;

rocksdb::DBOptions database_options(const RocksSetup& setup);
// RocksDB's own, empty, family first; then ours in the order of `Family`.
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const RocksSetup& setup);
rocksdb::Env& env_of(const RocksSetup& setup);

// Never a null pointer, which memcmp inside RocksDB may not be given.
inline rocksdb::Slice slice(std::string_view bytes) {
  return bytes.empty() ? rocksdb::Slice("", 0) : rocksdb::Slice(bytes.data(), bytes.size());
}

// RocksDB counts each comparison of keys for whoever wants to know; nobody here does. Of the calling thread.
inline void count_nothing() {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
}

KvError error_of(const rocksdb::Status& status);

}  // namespace titip::storage
