#include "storage/rocks_kv_look.h"

#include <fmt/format.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "metrics/words/said.h"
#include "storage/disk_files.h"
#include "storage/evidence.h"
#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/records.h"
#include "storage/rocks_kv_logs.h"
#include "storage/rocks_kv_note.h"
#include "storage/rocks_kv_options.h"

namespace titip::storage {
namespace {

constexpr auto advice = words::text(
    "files of it are damaged or missing, which no crash does: keep the directory as it is, look at the disk, and run "
    "`titip restore` with the newest backup, which keeps the directory beside the new one");

class Silent : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

std::string_view info_family() {
  return family_names[static_cast<std::size_t>(Family::info)];
}

enum class Replay : std::uint8_t { no, yes };

// Takes from the log what it says of the family `info`, and lets nothing of it be replayed.
class InfoOfTheLog : public rocksdb::WalFilter {
 public:
  void ColumnFamilyLogNumberMap(const std::map<std::uint32_t, std::uint64_t>& first_logs,
                                const std::map<std::string, std::uint32_t>& ids) override {
    const auto id = ids.find(std::string(info_family()));
    if (id == ids.end()) return;
    taker_.info = id->second;
    const auto first = first_logs.find(id->second);
    if (first != first_logs.end()) first_log_ = first->second;
  }
  WalProcessingOption LogRecordFound(unsigned long long log, const std::string&, const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch*, bool*) override {
    // What is in the tables already is not taken from an older log again.
    if (taker_.info && log >= first_log_) batch.Iterate(&taker_).PermitUncheckedError();
    return WalProcessingOption::kIgnoreCurrentRecord;
  }
  const char* Name() const override { return "titip.look"; }

  KvBatch take() {
    KvBatch writes;
    for (auto& [key, value] : taker_.newest) writes.push_back({Family::info, key, std::move(value)});
    return writes;
  }

 private:
  struct Taker : rocksdb::WriteBatch::Handler {
    rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
      if (family == info) newest[key.ToString()] = value.ToString();
      return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
      if (family == info) newest[key.ToString()] = std::nullopt;
      return rocksdb::Status::OK();
    }
    rocksdb::Status MarkNoop(bool) override { return rocksdb::Status::OK(); }
    std::optional<std::uint32_t> info;
    std::map<std::string, std::optional<std::string>> newest;
  };
  Taker taker_;
  std::uint64_t first_log_ = 0;
};

// The family `info` and the note, as an opening would find them.
class Seen : public MemoryKv {
 public:
  explicit Seen(KvResult<std::optional<std::string>> note) : note_(std::move(note)) {}
  KvResult<std::optional<std::string>> noted() const override { return note_; }

 private:
  const KvResult<std::optional<std::string>> note_;
};

class ReadOnly {
 public:
  using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;
  ReadOnly(rocksdb::DB* db, Handles handles) : db_(db), handles_(std::move(handles)) {}
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  ~ReadOnly() {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  }
  rocksdb::DB& operator*() { return *db_; }
  const Handles& handles() const { return handles_; }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  const Handles handles_;
};

std::optional<NotOpened> refuse_missing_logs(ReadOnly& db, const std::filesystem::path& directory,
                                             const RocksSetup& setup) {
  std::uint64_t first_needed = 0;
  if (!(*db).GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &first_needed)) return std::nullopt;
  const auto gone = missing_log(directory, setup, first_needed);
  if (!gone) return std::nullopt;
  return NotOpened::until_a_person_looked(
      words::tell("cannot open the store in {}: {} is missing; {}", directory.string(), *gone, advice));
}

// RocksDB itself looks after its tables, and finds out about a blob file only when it is read.
std::optional<NotOpened> refuse_missing_blobs(ReadOnly& db, const std::filesystem::path& directory,
                                              const RocksSetup& setup) {
  const DiskFiles files(setup);
  for (rocksdb::ColumnFamilyHandle* handle : db.handles()) {
    rocksdb::ColumnFamilyMetaData meta;
    (*db).GetColumnFamilyMetaData(handle, &meta);
    for (const rocksdb::BlobMetaData& blob : meta.blob_files) {
      auto name = blob.blob_file_name;
      name.erase(0, name.find_first_not_of('/'));
      const auto size = files.size(directory / name);
      if (size && *size >= blob.blob_file_size) continue;
      return NotOpened::until_a_person_looked(
          words::tell("cannot open the store in {}: {} is missing or too short; {}", directory.string(), name, advice));
    }
  }
  return std::nullopt;
}

std::optional<rocksdb::Status> info_of_the_tables(ReadOnly& db, KvBatch& into) {
  for (rocksdb::ColumnFamilyHandle* handle : db.handles()) {
    if (handle->GetName() != info_family()) continue;
    const std::unique_ptr<rocksdb::Iterator> at((*db).NewIterator(rocksdb::ReadOptions(), handle));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      into.push_back({Family::info, at->key().ToString(), at->value().ToString()});
    }
    if (!at->status().ok()) return at->status();
  }
  return std::nullopt;
}

std::expected<std::unique_ptr<Seen>, NotOpened> look(const std::filesystem::path& directory, const RocksSetup& setup,
                                                     Replay replay) {
  rocksdb::DBOptions options = database_options(setup);
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  options.info_log = silent_log();
  // Read first: whatever else is done to the store meanwhile, the note is not ahead of what is found then.
  auto seen = std::make_unique<Seen>(RocksNote(env_of(setup), directory).read());
  InfoOfTheLog log;
  if (replay == Replay::no) options.wal_filter = &log;
  std::vector<std::string> there;
  if (const auto status = rocksdb::DB::ListColumnFamilies(options, directory.string(), &there); !status.ok()) {
    return std::unexpected(cannot_open(directory, status));
  }
  auto wanted = family_descriptors(setup);
  // A first start that was cut short has not made them all.
  std::erase_if(wanted, [&](const auto& each) { return std::ranges::find(there, each.name) == there.end(); });
  ReadOnly::Handles handles;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options, directory.string(), wanted, &handles, &opened);
  if (!status.ok()) return std::unexpected(cannot_open(directory, status));
  ReadOnly db(opened, std::move(handles));
  if (auto refusal = refuse_missing_logs(db, directory, setup)) return std::unexpected(std::move(*refusal));
  if (auto refusal = refuse_missing_blobs(db, directory, setup)) return std::unexpected(std::move(*refusal));
  KvBatch info;
  if (const auto failed = info_of_the_tables(db, info)) return std::unexpected(cannot_open(directory, *failed));
  std::ranges::move(log.take(), std::back_inserter(info));
  if (const auto put = seen->commit(info); !put) return std::unexpected(put.error().text);
  return seen;
}

// A family we do not know was written by a newer Titip: opening without it would fail with a riddle.
std::optional<std::string> unknown_family(const std::vector<std::string>& there) {
  for (const auto& family : there) {
    if (family != rocksdb::kDefaultColumnFamilyName && std::ranges::find(family_names, family) == family_names.end()) {
      return family;
    }
  }
  return std::nullopt;
}

// Opening adds the families of this format, and then the older Titip could not even drain its store: so look first, and
// only where families are missing. (A first start that was cut short has families missing too, but no format yet.)
std::optional<std::string> older_format(const rocksdb::DBOptions& options, const std::string& directory,
                                        const std::vector<std::string>& there) {
  const auto has = [&](std::string_view family) { return std::ranges::find(there, family) != there.end(); };
  const std::string info(info_family());
  if (!has(info) || std::ranges::all_of(family_names, has)) return std::nullopt;
  rocksdb::DBOptions silent = options;
  silent.info_log = silent_log();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const std::vector<rocksdb::ColumnFamilyDescriptor> wanted{{rocksdb::kDefaultColumnFamilyName, {}}, {info, {}}};
  // What cannot be opened here cannot be opened below either, where it is said.
  if (!rocksdb::DB::OpenForReadOnly(silent, directory, wanted, &handles, &opened).ok()) return std::nullopt;
  ReadOnly db(opened, std::move(handles));
  std::string bytes;
  const bool found = (*db).Get(rocksdb::ReadOptions(), db.handles()[1], slice(keys::format), &bytes).ok();
  const auto format = found ? decode_format(bytes) : std::nullopt;
  return format ? refuse_format(*format) : std::nullopt;
}

}  // namespace

std::shared_ptr<rocksdb::Logger> silent_log() {
  return std::make_shared<Silent>();
}

NotOpened cannot_open(const std::filesystem::path& directory, const rocksdb::Status& status) {
  std::string why = words::tell("cannot open the store in {}: {}", directory.string(), status.ToString());
  if (!status.IsCorruption() && !status.IsPathNotFound()) return why;
  return NotOpened::until_a_person_looked(fmt::format("{}; {}", why, advice.own()));
}

std::optional<std::string> refuse_other_formats(const rocksdb::DBOptions& options, const std::string& directory) {
  std::vector<std::string> there;
  if (!rocksdb::DB::ListColumnFamilies(options, directory, &there).ok()) return std::nullopt;  // new, or Open will tell
  if (const auto family = unknown_family(there)) {
    return words::tell(
        "the store in {} has a part named \"{}\" that this version does not know; start the newer Titip "
        "that wrote it",
        directory, *family);
  }
  return older_format(options, directory, there);
}

std::expected<void, NotOpened> look_before_opening(const std::filesystem::path& directory, const RocksSetup& setup) {
  // The quick look may see less than a replay (behind the torn end of a log RocksDB goes on only where it counted the
  // records before it): what it misses or refuses, the thorough one decides.
  for (const Replay replay : {Replay::no, Replay::yes}) {
    const auto seen = look(directory, setup, replay);
    auto refused = seen ? std::optional<NotOpened>() : std::optional(seen.error());
    if (seen) {
      const auto believed = believe(**seen, directory.string());
      if (believed) return {};
      refused = believed.error();
    }
    if (replay == Replay::yes) return std::unexpected(std::move(*refused));
  }
  return {};
}

}  // namespace titip::storage
