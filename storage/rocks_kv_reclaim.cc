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
// A family's levels are worth merging when this share of its bytes stands above the last one: each such merge then has
// that much new to show for what it writes.
constexpr double worth_merging = 0.25;
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
  for (const auto step : {&RocksReclaim::flush, &RocksReclaim::settle_tombstones, &RocksReclaim::collect_garbage}) {
    if (given_up_) return {};
    if (auto done = (this->*step)(family); !done) return done;
  }
  return {};
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

KvResult<void> RocksReclaim::settle_tombstones(rocksdb::ColumnFamilyHandle& family) {
  rocksdb::ColumnFamilyMetaData metadata;
  db_.GetColumnFamilyMetaData(&family, &metadata);
  const auto tables = tables_by_key(metadata);
  if (std::ranges::none_of(tables, [](const auto& table) { return table.num_deletions != 0; })) return {};
  rocksdb::CompactRangeOptions compact = options();
  compact.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kDisable;
  const auto status = db_.CompactRange(compact, &family, nullptr, nullptr);
  if (!status.ok() && !is_paused(status)) return std::unexpected(error_of(status));
  return {};
}

KvResult<void> RocksReclaim::merge(rocksdb::ColumnFamilyHandle& family) {
  if (given_up_) return {};
  if (auto flushed = flush(family); !flushed) return flushed;
  rocksdb::ColumnFamilyMetaData metadata;
  db_.GetColumnFamilyMetaData(&family, &metadata);
  std::uint64_t all = 0, last = 0;
  for (const auto& level : metadata.levels) {
    all += level.size;
    // Files of level 0 overlap each other, so none of them is the last word.
    if (level.size != 0 && level.level != 0) last = level.size;
  }
  if (static_cast<double>(all - last) < worth_merging * static_cast<double>(all) || all == 0) return {};
  if (!has_room_for(all)) return {};
  const auto status = db_.CompactRange(options(), &family, nullptr, nullptr);
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
