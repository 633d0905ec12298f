#include "storage/rocks_kv_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <cstdlib>

#include "metrics/words/said.h"
#include "storage/rocks_kv_hashed.h"

namespace titip::storage {
namespace {

// Memory: the cache (index and filter blocks stand in it), what is written and not flushed yet (the log's limit bounds
// that), and what a flush under way still holds.
constexpr std::uint64_t cache_bytes = 256 * mib;
// What a start after a crash has to replay, at some 25 MiB/s and up; and what the ballast must have room for.
constexpr std::uint64_t wal_bytes = 64 * mib;
constexpr std::uint64_t write_buffers_bytes = 256 * mib;

struct Shape {
  std::uint64_t buffer_mib;
  bool bloom;     // point look-ups of keys that are mostly not there
  bool compress;  // digests, ids and sealed bytes do not compress
};

Shape shape_of(Family family) {
  switch (family) {
    case Family::meta:
      return {64, true, true};
    case Family::payload:
      return {192, false, false};  // larger than the log ever is: a start never has to flush to get on
    case Family::reply:
      return {64, false, false};
    case Family::chain:
      return {32, false, false};
    case Family::head:
      return {32, true, false};
    case Family::due:
      return {32, false, true};
    case Family::idempotency:
    case Family::natural:
      return {32, true, false};
    case Family::attempt:
      return {32, false, true};
    case Family::open:
      return {8, true, false};
    case Family::info:
    case Family::object:
    case Family::counts:
    case Family::attention:
    case Family::quarantine:
      return {4, true, false};
    case Family::requirement:
      return {32, true, false};
    case Family::person:
    case Family::waiter:
    case Family::audit:
      return {32, false, true};
  }
  std::abort();
}

// Keys in no order, asked for one by one: walked over by checks, people and retention's passes alone.
bool asked_for_one_by_one(Family family) {
  switch (family) {
    case Family::head:
    case Family::idempotency:
    case Family::natural:
    case Family::person:
      return true;
    default:
      return false;
  }
}

bool leaves_tombstones(Family family) {
  switch (family) {
    case Family::due:
    case Family::chain:
    case Family::head:
    case Family::open:
    case Family::payload:
    case Family::reply:
    case Family::waiter:
      return true;
    default:
      return false;
  }
}

// Keys in no order of time: a flush touches all of such a family. In levels that means to write the first level anew
// for every fourth flush (each record nearly eight times by two and a half million, and the more the longer it goes
// on); runs of like size, merged when there are enough of them, write each record about three times. A merge of all of
// a family needs room for all of it again: 45 MB a million records for the largest.
bool keys_in_no_order(Family family) {
  switch (family) {
    case Family::chain:
    case Family::head:
    case Family::due:
    case Family::idempotency:
    case Family::natural:
    case Family::person:
    case Family::requirement:
      return true;
    default:
      return false;
  }
}

void merge_runs(rocksdb::ColumnFamilyOptions& options) {
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.level0_file_num_compaction_trigger = 8;
  options.compaction_options_universal.size_ratio = 10;
  options.compaction_options_universal.min_merge_width = 4;
}

// Values stay out of the way of compaction: one write for the log, one for the blob file.
void keep_values_apart(rocksdb::ColumnFamilyOptions& options, const RocksSetup& setup) {
  options.enable_blob_files = true;
  options.min_blob_size = 256;
  // Small files go as soon as all in them is erased; a table that covers few of them is collected with little room.
  options.blob_file_size = setup.blob_file_bytes.value_or(64 * mib);
  options.target_file_size_base = 2 * mib;
  options.enable_blob_garbage_collection = true;
  options.blob_garbage_collection_force_threshold = 0.5;
}

// Where most of the data is, ZSTD takes a seventh off for the same processor time as LZ4, larger blocks another tenth
// (measured over ten million records).
void compress(rocksdb::ColumnFamilyOptions& options, rocksdb::BlockBasedTableOptions& table, bool worth_it,
              const std::vector<rocksdb::CompressionType>& there) {
  const auto has = [&](rocksdb::CompressionType type) { return std::ranges::find(there, type) != there.end(); };
  options.compression = rocksdb::kNoCompression;
  if (!worth_it) return;
  if (has(rocksdb::kLZ4Compression)) options.compression = rocksdb::kLZ4Compression;
  if (has(rocksdb::kZSTD)) {
    options.bottommost_compression = rocksdb::kZSTD;
    options.bottommost_compression_opts.enabled = true;
    options.bottommost_compression_opts.level = 1;
  }
  table.block_size = 8U << 10U;
}

void keep_in_memory(rocksdb::ColumnFamilyOptions& options, Family family, bool mostly_not_there) {
  if (asked_for_one_by_one(family)) {
    options.memtable_factory = hashed_memtables();
    return;
  }
  if (mostly_not_there) {
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = 0.02;
  }
  // A batch is in the order of its keys, so the place of one is near the place of the one before: it is looked for from
  // there, not from the top. One hint a family.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache,
                                            const std::vector<rocksdb::CompressionType>& compressions,
                                            const RocksSetup& setup) {
  const Shape shape = shape_of(family);
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = setup.write_buffer_bytes.value_or(shape.buffer_mib * mib);
  options.max_write_buffer_number = 3;
  options.max_compaction_bytes = max_compaction_bytes;
  // With the defaults the write rate fell to a fifteenth after three million records.
  options.level0_slowdown_writes_trigger = 40;
  options.level0_stop_writes_trigger = 60;
  options.soft_pending_compaction_bytes_limit = 256ULL << 30U;
  options.hard_pending_compaction_bytes_limit = 512ULL << 30U;
  rocksdb::BlockBasedTableOptions table;
  compress(options, table, shape.compress, compressions);
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  if (shape.bloom) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  keep_in_memory(options, family, shape.bloom);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  if (family == Family::payload || family == Family::reply) keep_values_apart(options, setup);
  if (keys_in_no_order(family)) merge_runs(options);
  if (leaves_tombstones(family)) {
    // A queue leaves tombstones behind: files that are mostly that are compacted early.
    options.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));
  }
  return options;
}

}  // namespace

rocksdb::Env& env_of(const RocksSetup& setup) {
  return setup.env ? *setup.env : *rocksdb::Env::Default();
}

rocksdb::DBOptions database_options(const RocksSetup& setup) {
  rocksdb::DBOptions options;
  options.env = &env_of(setup);
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // A start must find its way on a full disk: what is in the log stays there until there is reason to flush it.
  options.avoid_flush_during_recovery = true;
  // Preallocated log would be taken from the little that is left.
  options.allow_fallocate = false;
  options.max_background_jobs = 4;
  options.allow_concurrent_memtable_write = false;  // one writer; rocks_kv_hashed.h holds to that
  // The default is DEBUG when our own code is built without NDEBUG, and DEBUG can put keys into the LOG.
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = 16 * mib;
  options.keep_log_file_num = 5;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_total_wal_size = setup.wal_bytes.value_or(wal_bytes);
  options.db_write_buffer_size = write_buffers_bytes;
  options.max_open_files = 512;
  options.bytes_per_sync = mib;  // spreads the write-back of flushes and compactions, away from our fsyncs
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const RocksSetup& setup) {
  const auto compressions = rocksdb::GetSupportedCompressions();
  const auto cache = rocksdb::NewLRUCache(cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  wanted.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{});
  for (std::size_t i = 0; i < family_count; ++i) {
    wanted.emplace_back(std::string(family_names[i]),
                        family_options(static_cast<Family>(i), cache, compressions, setup));
  }
  return wanted;
}

KvError error_of(const rocksdb::Status& status) {
  if (status.IsIncomplete())
    return {KvError::Kind::busy, words::tell("the database is catching up with its compactions")};
  if (status.IsCorruption()) return {KvError::Kind::corrupt, status.ToString()};
  return {KvError::Kind::failed, status.ToString()};
}

}  // namespace titip::storage
