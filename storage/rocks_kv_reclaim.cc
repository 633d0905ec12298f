#include "storage/rocks_kv_reclaim.h"

#include <rocksdb/file_system.h>
#include <rocksdb/metadata.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "storage/rocks_kv_options.h"

namespace titip::storage {
namespace {

// A blob file is worth writing anew when this share of it is garbage.
constexpr double worth_collecting = 0.25;
// A family is settled when one in so many of its entries or bytes may go.
constexpr std::uint64_t worth_settling_one_in = 10;
// What stays free for everybody else while room is made.
constexpr std::uint64_t margin_bytes = 16 * mib;

// One table to write anew: its keys, and what that will take.
struct Piece {
  std::string first, last;
  std::uint64_t bytes = 0;
};

bool is_paused(const rocksdb::Status& status) {
  return status.IsIncomplete() || status.IsManualCompactionPaused();
}

std::vector<rocksdb::SstFileMetaData> tables_by_key(const rocksdb::ColumnFamilyMetaData& family) {
  std::vector<rocksdb::SstFileMetaData> tables;
  for (const auto& level : family.levels) tables.insert(tables.end(), level.files.begin(), level.files.end());
  std::ranges::sort(tables, {}, &rocksdb::SstFileMetaData::smallestkey);
  return tables;
}

// In a family with blobs each erased key may stand for a large value. In the others what lies above the last level is
// mostly what will be dropped when it gets there: tombstones, and newer versions of what is below.
bool worth_settling(const rocksdb::ColumnFamilyMetaData& family) {
  std::uint64_t entries = 0, deletions = 0, last_level = 0;
  for (const auto& level : family.levels) {
    // Tables of level 0 overlap each other, so none of them is the last word.
    if (level.size != 0 && level.level != 0) last_level = level.size;
    for (const auto& table : level.files) {
      entries += table.num_entries;
      deletions += table.num_deletions;
    }
  }
  if (!family.blob_files.empty()) return deletions != 0;
  return deletions * worth_settling_one_in >= entries + 1 ||
         (family.size - last_level) * worth_settling_one_in > family.size;
}

// The next table behind `cursor` that looks into a blob file worth collecting.
std::optional<Piece> next_piece(const rocksdb::ColumnFamilyMetaData& family, const std::string& cursor) {
  std::map<std::uint64_t, bool> worth;
  std::uint64_t live_bytes = 0, live_count = 0;
  for (const rocksdb::BlobMetaData& blob : family.blob_files) {
    worth[blob.blob_file_number] =
        static_cast<double>(blob.garbage_blob_bytes) >= worth_collecting * static_cast<double>(blob.total_blob_bytes);
    live_bytes += blob.total_blob_bytes - blob.garbage_blob_bytes;
    live_count += blob.total_blob_count - blob.garbage_blob_count;
  }
  const std::uint64_t average = live_count == 0 ? 0 : live_bytes / live_count;
  const auto tables = tables_by_key(family);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto& table = tables[i];
    if (!cursor.empty() && table.largestkey <= cursor) continue;
    // Keys begin with their time, so the table looks into the files from its oldest to the next table's oldest.
    const std::uint64_t from = table.oldest_blob_file_number;
    const std::uint64_t next = i + 1 < tables.size() ? tables[i + 1].oldest_blob_file_number : from;
    const std::uint64_t to = std::max(from, next);
    for (auto blob = worth.lower_bound(from); from != 0 && blob != worth.end() && blob->first <= to; ++blob) {
      if (blob->second) return Piece{table.smallestkey, table.largestkey, table.num_entries * average + table.size};
    }
  }
  return std::nullopt;
}

}  // namespace

RocksReclaim::RocksReclaim(rocksdb::DB& db, rocksdb::Env& env, std::string directory)
    : db_(db), env_(env), directory_(std::move(directory)) {}

KvResult<void> RocksReclaim::run(rocksdb::ColumnFamilyHandle& family) {
  for (const auto step : {&RocksReclaim::flush, &RocksReclaim::settle, &RocksReclaim::collect_garbage}) {
    if (given_up_) return {};
    if (auto done = (this->*step)(family); !done) return done;
  }
  return {};
}

// What compactions have dropped already, and a value of average length for each tombstone that waits for one.
std::uint64_t RocksReclaim::erased_bytes(rocksdb::ColumnFamilyHandle& family) const {
  rocksdb::ColumnFamilyMetaData metadata;
  db_.GetColumnFamilyMetaData(&family, &metadata);
  std::uint64_t garbage = 0, bytes = 0, count = 0, tombstones = 0;
  for (const rocksdb::BlobMetaData& blob : metadata.blob_files) {
    garbage += blob.garbage_blob_bytes;
    bytes += blob.total_blob_bytes;
    count += blob.total_blob_count;
  }
  for (const auto& level : metadata.levels) {
    for (const auto& table : level.files) tombstones += table.num_deletions;
  }
  using Properties = rocksdb::DB::Properties;
  for (const auto* name : {&Properties::kNumDeletesActiveMemTable, &Properties::kNumDeletesImmMemTables}) {
    std::uint64_t in_memory = 0;
    db_.GetIntProperty(&family, *name, &in_memory);
    tombstones += in_memory;
  }
  if (count == 0) return 0;
  return std::min(bytes, garbage + tombstones * (bytes / count));
}

std::optional<std::uint64_t> RocksReclaim::free_bytes() const {
  std::uint64_t free = 0;
  if (!env_.GetFileSystem()->GetFreeSpace(directory_, {}, &free, nullptr).ok()) return std::nullopt;
  return free;
}

bool RocksReclaim::has_room_for(std::uint64_t bytes) const {
  const auto free = free_bytes();
  return !free || *free >= bytes + margin_bytes;
}

bool RocksReclaim::has_room_to_flush() const {
  std::uint64_t unflushed = 0;
  db_.GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &unflushed);
  return has_room_for(unflushed);
}

// A flush that met a full disk would stop the store: then rather no flush.
KvResult<void> RocksReclaim::flush(rocksdb::ColumnFamilyHandle& family) {
  std::uint64_t unflushed = 0;
  db_.GetIntProperty(&family, rocksdb::DB::Properties::kCurSizeAllMemTables, &unflushed);
  if (!has_room_for(unflushed)) return {};
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  if (const auto status = db_.Flush(options, &family); !status.ok()) return std::unexpected(error_of(status));
  return {};
}

rocksdb::CompactRangeOptions RocksReclaim::options() {
  rocksdb::CompactRangeOptions options;
  options.canceled = &given_up_;
  return options;
}

KvResult<void> RocksReclaim::settle(rocksdb::ColumnFamilyHandle& family) {
  rocksdb::ColumnFamilyMetaData metadata;
  db_.GetColumnFamilyMetaData(&family, &metadata);
  if (!worth_settling(metadata)) return {};
  if (!has_room_for(std::min<std::uint64_t>(metadata.size, max_compaction_bytes))) return {};
  rocksdb::CompactRangeOptions compact = options();
  compact.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kDisable;
  const auto status = db_.CompactRange(compact, &family, nullptr, nullptr);
  if (!status.ok() && !is_paused(status)) return std::unexpected(error_of(status));
  return {};
}

KvResult<void> RocksReclaim::collect_garbage(rocksdb::ColumnFamilyHandle& family) {
  std::string cursor;
  while (!given_up_) {
    rocksdb::ColumnFamilyMetaData metadata;
    db_.GetColumnFamilyMetaData(&family, &metadata);
    const auto piece = next_piece(metadata, cursor);
    if (!piece) return {};
    cursor = piece->last;
    if (!has_room_for(piece->bytes)) continue;
    rocksdb::CompactRangeOptions compact = options();
    compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    compact.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
    compact.blob_garbage_collection_age_cutoff = 1.0;
    const rocksdb::Slice first = slice(piece->first), last = slice(piece->last);
    const auto status = db_.CompactRange(compact, &family, &first, &last);
    if (!status.ok() && !is_paused(status)) return std::unexpected(error_of(status));
  }
  return {};
}

}  // namespace titip::storage
