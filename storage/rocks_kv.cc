#include "storage/rocks_kv.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <system_error>

#include "storage/check.h"
#include "storage/free_space.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {
namespace {

// DB::Open of RocksDB 7.8 aborts the process on a completely full disk; this much lets it write its manifest and log.
constexpr std::uint64_t free_bytes_to_open = 32U << 20U;
constexpr std::uint64_t mib = 1U << 20U;
// More than this in memory tables is flushed at an orderly stop, so that the next start is quick.
constexpr std::uint64_t worth_a_flush = 32 * mib;

// Never a null pointer, which memcmp inside RocksDB may not be given.
rocksdb::Slice slice(std::string_view bytes) {
  return bytes.empty() ? rocksdb::Slice("", 0) : rocksdb::Slice(bytes.data(), bytes.size());
}

KvError error_of(const rocksdb::Status& status) {
  if (status.IsIncomplete()) return {KvError::Kind::busy, "the database is catching up with its compactions"};
  if (status.IsCorruption()) return {KvError::Kind::corrupt, status.ToString()};
  return {KvError::Kind::failed, status.ToString()};
}

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_background_jobs = 4;
  // The default is DEBUG when our own code is built without NDEBUG, and DEBUG can put keys into the LOG.
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = 16 * mib;
  options.keep_log_file_num = 5;
  options.max_total_wal_size = 256 * mib;  // what a start after a crash has to replay
  options.db_write_buffer_size = 256 * mib;
  options.max_open_files = 512;
  options.bytes_per_sync = mib;  // spreads the write-back of flushes and compactions, away from our fsyncs
  return options;
}

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
      return {64, false, false};
    case Family::reply:
      return {16, true, false};
    case Family::chain:
      return {16, false, false};
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
    case Family::requirement:
    case Family::attention:
    case Family::quarantine:
      return {4, true, false};
    case Family::person:
    case Family::waiter:
    case Family::audit:
      return {16, false, true};
  }
  std::abort();
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache, bool lz4) {
  const Shape shape = shape_of(family);
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = shape.buffer_mib * mib;
  options.max_write_buffer_number = 3;
  // With the defaults the write rate fell to a fifteenth after three million records.
  options.level0_slowdown_writes_trigger = 40;
  options.level0_stop_writes_trigger = 60;
  options.soft_pending_compaction_bytes_limit = 256ULL << 30U;
  options.hard_pending_compaction_bytes_limit = 512ULL << 30U;
  options.compression = shape.compress && lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  if (shape.bloom) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = 0.02;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  if (family == Family::payload) {
    // Values stay out of the way of compaction: one write for the log, one for the blob file.
    options.enable_blob_files = true;
    options.min_blob_size = 256;
    options.blob_file_size = 256 * mib;
    options.enable_blob_garbage_collection = true;
    options.blob_garbage_collection_force_threshold = 0.5;
  }
  if (family == Family::due || family == Family::chain || family == Family::open) {
    // A queue leaves tombstones behind: files that are mostly that are compacted early.
    options.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048));
  }
  return options;
}

// The first key after all that begin with `prefix`; empty: there is none.
std::string after_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

using Families = std::array<rocksdb::ColumnFamilyHandle*, family_count>;

class RocksReader {
 public:
  RocksReader(rocksdb::DB& db, const Families& families, const rocksdb::Snapshot* snapshot)
      : db_(db), families_(families) {
    options_.snapshot = snapshot;
  }

  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const {
    std::string value;
    const rocksdb::Status status = db_.Get(options_, handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return std::unexpected(error_of(status));
    return value;
  }

  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family, std::span<const std::string> keys) const {
    if (keys.empty()) return std::vector<std::optional<std::string>>{};
    std::vector<rocksdb::Slice> slices;
    slices.reserve(keys.size());
    for (const auto& key : keys) slices.push_back(slice(key));
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_.MultiGet(options_, handle(family), keys.size(), slices.data(), found.data(), statuses.data());
    std::vector<std::optional<std::string>> values(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return std::unexpected(error_of(statuses[i]));
      values[i] = found[i].ToString();
    }
    return values;
  }

  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const KvReader::Visitor& visit) const {
    // The bound keeps the iterator from walking over the tombstones of the next lane or key.
    const std::string end = after_prefix(prefix);
    const rocksdb::Slice bound = slice(end);
    rocksdb::ReadOptions options = options_;
    if (!end.empty()) options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> i(db_.NewIterator(options, handle(family)));
    for (i->Seek(slice(std::max(prefix, from))); i->Valid(); i->Next()) {
      if (!i->key().starts_with(slice(prefix))) break;
      if (!visit(i->key().ToStringView(), i->value().ToStringView())) break;
    }
    if (!i->status().ok()) return std::unexpected(error_of(i->status()));
    return {};
  }

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return families_[static_cast<std::size_t>(family)]; }
  rocksdb::DB& db_;
  const Families& families_;
  rocksdb::ReadOptions options_;
};

class RocksView : public KvReader {
 public:
  RocksView(rocksdb::DB& db, const Families& families)
      : db_(db), snapshot_(db.GetSnapshot()), reader_(db, families, snapshot_) {}
  RocksView(const RocksView&) = delete;
  RocksView& operator=(const RocksView&) = delete;
  ~RocksView() override { db_.ReleaseSnapshot(snapshot_); }
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    return reader_.get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    return reader_.multi_get(family, keys);
  }
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    return reader_.scan(family, prefix, from, visit);
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
  RocksReader reader_;
};

class RocksKv : public Kv {
 public:
  RocksKv(std::unique_ptr<rocksdb::DB> db, const Families& families)
      : db_(std::move(db)), families_(families), reader_(*db_, families_, nullptr) {}
  RocksKv(const RocksKv&) = delete;
  RocksKv& operator=(const RocksKv&) = delete;
  ~RocksKv() override { shut(); }

  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    return reader_.get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    return reader_.multi_get(family, keys);
  }
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    return reader_.scan(family, prefix, from, visit);
  }

  KvResult<void> commit(const KvBatch& batch) override {
    rocksdb::WriteBatch writes;
    for (const KvWrite& write : batch) {
      rocksdb::ColumnFamilyHandle* family = families_[static_cast<std::size_t>(write.family)];
      const rocksdb::Status staged = write.value ? writes.Put(family, slice(write.key), slice(*write.value))
                                                 : writes.Delete(family, slice(write.key));
      if (!staged.ok()) return std::unexpected(error_of(staged));
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    options.no_slowdown = true;  // a stall comes back as `busy` before anything is written
    const rocksdb::Status status = db_->Write(options, &writes);
    if (!status.ok()) return std::unexpected(error_of(status));
    return {};
  }

  std::unique_ptr<KvReader> snapshot() const override { return std::make_unique<RocksView>(*db_, families_); }
  KvResult<void> note(std::string_view) override { return {}; }
  KvResult<std::optional<std::string>> noted() const override { return std::nullopt; }
  KvResult<void> reclaim() override { return {}; }
  KvResult<std::uint64_t> checkpoint(const std::filesystem::path&) const override { return 0; }
  void close() override { shut(); }

 private:
  void shut() {
    if (db_ == nullptr) return;
    std::uint64_t unflushed = 0;
    db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &unflushed);
    if (unflushed > worth_a_flush) {
      // A start replays the log at some 50 MiB/s. What fails here is replayed instead: it is synced in the log.
      const std::vector<rocksdb::ColumnFamilyHandle*> all(families_.begin(), families_.end());
      db_->Flush(rocksdb::FlushOptions(), all).PermitUncheckedError();
    }
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      if (family != nullptr) db_->DestroyColumnFamilyHandle(family);
    }
    db_->Close().PermitUncheckedError();
    db_.reset();
  }
  std::unique_ptr<rocksdb::DB> db_;
  Families families_;
  RocksReader reader_;
};

std::optional<std::string> refuse_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fmt::format("cannot make the data directory {}: {}; create it and give it to the user Titip runs as",
                       directory.string(), error.message());
  }
  const auto free = free_bytes(directory);
  if (free && *free < free_bytes_to_open) {
    return fmt::format("only {} are free where {} lives; free at least {} before the store can be opened",
                       size_text(*free), directory.string(), size_text(free_bytes_to_open));
  }
  return std::nullopt;
}

// A family we do not know was written by a newer Titip: opening without it would fail with a riddle.
std::optional<std::string> unknown_family(const rocksdb::DBOptions& options, const std::string& directory) {
  std::vector<std::string> there;
  if (!rocksdb::DB::ListColumnFamilies(options, directory, &there).ok()) return std::nullopt;  // new, or Open will tell
  for (const auto& family : there) {
    if (family != rocksdb::kDefaultColumnFamilyName && std::ranges::find(family_names, family) == family_names.end()) {
      return family;
    }
  }
  return std::nullopt;
}

// Opening adds the families of this format, and then the older Titip could not even drain its store: so look first, and
// only where families are missing. (A first start that was cut short has families missing too, but no format yet.)
std::optional<std::string> older_format(const rocksdb::DBOptions& options, const std::string& directory) {
  std::vector<std::string> there;
  if (!rocksdb::DB::ListColumnFamilies(options, directory, &there).ok()) return std::nullopt;
  const auto has = [&](std::string_view family) { return std::ranges::find(there, family) != there.end(); };
  const std::string info(family_names[static_cast<std::size_t>(Family::info)]);
  if (!has(info) || std::ranges::all_of(family_names, has)) return std::nullopt;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const std::vector<rocksdb::ColumnFamilyDescriptor> wanted{{rocksdb::kDefaultColumnFamilyName, {}}, {info, {}}};
  // What cannot be opened here cannot be opened below either, where it is said.
  if (!rocksdb::DB::OpenForReadOnly(options, directory, wanted, &handles, &opened).ok()) return std::nullopt;
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string bytes;
  const bool found = db->Get(rocksdb::ReadOptions(), handles[1], slice(keys::format), &bytes).ok();
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  const auto format = found ? decode_format(bytes) : std::nullopt;
  return format ? refuse_format(*format) : std::nullopt;
}

}  // namespace

std::expected<std::unique_ptr<Kv>, std::string> open_rocks_kv(const std::filesystem::path& directory) {
  if (auto refusal = refuse_directory(directory)) return std::unexpected(std::move(*refusal));
  const rocksdb::DBOptions options = database_options();
  if (const auto family = unknown_family(options, directory.string())) {
    return std::unexpected(
        fmt::format("the store in {} has a part named \"{}\" that this version does not know; start "
                    "the newer Titip that wrote it",
                    directory.string(), *family));
  }
  if (auto refusal = older_format(options, directory.string())) return std::unexpected(std::move(*refusal));
  const auto compressions = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::ranges::find(compressions, rocksdb::kLZ4Compression) != compressions.end();
  const auto cache = rocksdb::NewLRUCache(128 * mib);
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  wanted.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{});
  for (std::size_t i = 0; i < family_count; ++i) {
    wanted.emplace_back(std::string(family_names[i]), family_options(static_cast<Family>(i), cache, lz4));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, directory.string(), wanted, &handles, &opened);
  if (!status.ok()) {
    return std::unexpected(fmt::format("cannot open the store in {}: {}", directory.string(), status.ToString()));
  }
  std::unique_ptr<rocksdb::DB> db(opened);
  check(handles.size() == family_count + 1, "RocksDB gives a handle for every family asked for");
  db->DestroyColumnFamilyHandle(handles[0]);
  Families families{};
  std::copy(handles.begin() + 1, handles.end(), families.begin());
  return std::make_unique<RocksKv>(std::move(db), families);
}

}  // namespace titip::storage
