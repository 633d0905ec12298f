#include "storage/rocks_kv.h"

#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "metrics/words/said.h"
#include "storage/check.h"
#include "storage/disk_files.h"
#include "storage/free_space.h"
#include "storage/rocks_kv_log_ahead.h"
#include "storage/rocks_kv_logs.h"
#include "storage/rocks_kv_look.h"
#include "storage/rocks_kv_manners.h"
#include "storage/rocks_kv_note.h"
#include "storage/rocks_kv_options.h"
#include "storage/rocks_kv_reader.h"
#include "storage/rocks_kv_reclaim.h"
#include "storage/rocks_kv_setup.h"
#include "storage/store_files.h"

namespace titip::storage {
namespace {

// DB::Open of RocksDB 7.8 aborts the process on a completely full disk; this much lets it write its manifest and log.
constexpr std::uint64_t free_bytes_to_open = 16 * mib;
// More than this in memory tables is flushed at an orderly stop, so that the next start is quick.
constexpr std::uint64_t worth_a_flush = 16 * mib;

class RocksKv : public Kv {
 public:
  RocksKv(std::unique_ptr<rocksdb::DB> db, const RocksFamilies& families, const std::filesystem::path& directory,
          RocksSetup setup, LogList logs)
      : setup_(std::move(setup)),
        db_(std::move(db)),
        families_(families),
        reader_(*db_, families_, nullptr),
        note_(env_of(setup_), directory),
        logs_(std::move(logs)),
        reclaim_(*db_, env_of(setup_), directory.string()) {}
  RocksKv(const RocksKv&) = delete;
  RocksKv& operator=(const RocksKv&) = delete;
  ~RocksKv() override { shut(Flush::no); }

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
    count_nothing();
    rocksdb::WriteBatch writes;
    for (const KvWrite& write : batch) {
      rocksdb::ColumnFamilyHandle* family = families_[static_cast<std::size_t>(write.family)];
      const rocksdb::Status staged = write.value ? writes.Put(family, slice(write.key), slice(*write.value))
                                                 : writes.Delete(family, slice(write.key));
      if (!staged.ok()) return std::unexpected(error_of(staged));
    }
    rocksdb::WriteOptions options;
    options.sync = setup_.sync;
    options.no_slowdown = true;  // a stall comes back as `busy` before anything is written
    const rocksdb::Status status = db_->Write(options, &writes);
    if (!status.ok()) return std::unexpected(error_of(status));
    return {};
  }

  std::unique_ptr<KvReader> snapshot() const override { return make_snapshot(*db_, families_); }
  // What is acknowledged from here on may stand in a log begun since: it is on the list first.
  KvResult<void> note(std::string_view bytes) override {
    if (auto listed = logs_.remember(); !listed) return std::unexpected(KvError{KvError::Kind::failed, listed.error()});
    return note_.write(bytes);
  }
  KvResult<std::optional<std::string>> noted() const override { return note_.read(); }
  KvResult<void> reclaim() override {
    // Where the large values are comes first.
    for (const Family family : {Family::payload, Family::reply}) {
      if (auto done = reclaim_.run(*families_[static_cast<std::size_t>(family)]); !done) return done;
    }
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      if (auto done = reclaim_.run(*family); !done) return done;
    }
    return {};
  }
  std::uint64_t reclaimable_bytes() const override {
    std::uint64_t bytes = 0;
    for (const Family family : {Family::payload, Family::reply}) {
      bytes += reclaim_.erased_bytes(*families_[static_cast<std::size_t>(family)]);
    }
    return bytes;
  }
  void give_up_reclaim() override { reclaim_.give_up(); }
  KvResult<std::uint64_t> checkpoint(const std::filesystem::path& directory) const override;
  void close() override { shut(Flush::if_worth_it); }

 private:
  // A flush lets the log be deleted. Who gives a store up without close() did not believe it, and the log may hold what
  // was not understood.
  enum class Flush : std::uint8_t { no, if_worth_it };
  void shut(Flush flush) {
    if (db_ == nullptr) return;
    std::uint64_t unflushed = 0;
    db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &unflushed);
    if (flush == Flush::if_worth_it && unflushed > worth_a_flush) {
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
  const RocksSetup setup_;  // outlives the database
  std::unique_ptr<rocksdb::DB> db_;
  RocksFamilies families_;
  RocksReader reader_;
  RocksNote note_;
  LogList logs_;
  RocksReclaim reclaim_;
};

// What can be linked is linked, so the copy costs little where it lies on the same disk.
KvResult<std::uint64_t> RocksKv::checkpoint(const std::filesystem::path& directory) const {
  // It begins with a flush, and one that met a full disk would stop the store.
  if (!reclaim_.has_room_to_flush()) {
    return std::unexpected(
        KvError{KvError::Kind::failed, words::tell("the data directory's disk is too full to make a copy")});
  }
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(std::filesystem::absolute(directory).string());
  if (!status.ok()) return std::unexpected(error_of(status));
  const DiskFiles files(setup_);
  const auto names = files.names(directory);
  if (!names) return std::unexpected(KvError{KvError::Kind::failed, names.error()});
  std::uint64_t bytes = 0;
  for (const std::string& name : *names) bytes += files.size(directory / name).value_or(0);
  return bytes;
}

std::optional<std::string> refuse_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return words::tell("cannot make the data directory {}: {}; create it and give it to the user Titip runs as",
                       directory.string(), error.message());
  }
  const auto free = free_bytes(directory);
  if (free && *free < free_bytes_to_open) {
    return words::tell("only {} are free where {} lives; free at least {} before the store can be opened",
                       size_text(*free), directory.string(), size_text(free_bytes_to_open));
  }
  return std::nullopt;
}

class RocksCopy : public KvReader {
 public:
  RocksCopy(std::unique_ptr<rocksdb::DB> db, const RocksFamilies& families)
      : db_(std::move(db)), families_(families), reader_(*db_, families_, nullptr) {}
  RocksCopy(const RocksCopy&) = delete;
  RocksCopy& operator=(const RocksCopy&) = delete;
  ~RocksCopy() override {
    for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  }
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
  std::unique_ptr<rocksdb::DB> db_;
  RocksFamilies families_;
  RocksReader reader_;
};

RocksFamilies families_of(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  check(handles.size() == family_count + 1, "RocksDB gives a handle for every family asked for");
  db.DestroyColumnFamilyHandle(handles[0]);
  RocksFamilies families{};
  std::copy(handles.begin() + 1, handles.end(), families.begin());
  return families;
}

}  // namespace

std::expected<std::unique_ptr<KvReader>, std::string> open_rocks_copy(const std::filesystem::path& directory,
                                                                      const RocksSetup& setup) {
  rocksdb::DBOptions options = database_options(setup);
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  options.info_log = silent_log();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options, directory.string(), family_descriptors(setup), &handles, &opened);
  if (!status.ok()) return std::unexpected(cannot_open(directory, status));
  std::unique_ptr<rocksdb::DB> db(opened);
  const RocksFamilies families = families_of(*db, handles);
  return std::make_unique<RocksCopy>(std::move(db), families);
}

std::expected<std::unique_ptr<Kv>, NotOpened> open_rocks_kv(const std::filesystem::path& directory) {
  return open_rocks_kv(directory, RocksSetup{});
}

std::expected<std::unique_ptr<Kv>, NotOpened> open_rocks_kv(const std::filesystem::path& directory,
                                                            const RocksSetup& given, Evidence evidence) {
  const RocksSetup setup = with_logs_ahead(given);
  if (auto refusal = refuse_directory(directory)) return std::unexpected(std::move(*refusal));
  const FilesFound files = find_store_files(directory, setup);
  if (auto refusal = refuse_headless(directory, files)) return std::unexpected(std::move(*refusal));
  rocksdb::DBOptions options = database_options(setup);
  options.create_if_missing = files.what == StoreFiles::none;
  const auto begun = std::make_shared<LogsBegun>();
  options.listeners.push_back(begun);
  options.listeners.push_back(std::make_shared<Manners>());
  if (auto refusal = refuse_other_formats(options, directory.string())) {
    return std::unexpected(NotOpened::until_a_person_looked(std::move(*refusal)));
  }
  if (files.what == StoreFiles::there && evidence == Evidence::must_hold) {
    if (auto believed = look_before_opening(directory, setup); !believed) {
      return std::unexpected(std::move(believed.error()));
    }
  }
  const auto wanted = family_descriptors(setup);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, directory.string(), wanted, &handles, &opened);
  if (!status.ok()) {
    return std::unexpected(cannot_open(directory, status));
  }
  std::unique_ptr<rocksdb::DB> db(opened);
  const RocksFamilies families = families_of(*db, handles);
  LogList logs(directory, setup, begun);
  if (auto remembered = logs.remember(); !remembered) {
    for (rocksdb::ColumnFamilyHandle* family : families) db->DestroyColumnFamilyHandle(family);
    return std::unexpected(words::tell("cannot open the store in {}: {}", directory.string(), remembered.error()));
  }
  return std::make_unique<RocksKv>(std::move(db), families, directory, setup, std::move(logs));
}

}  // namespace titip::storage
