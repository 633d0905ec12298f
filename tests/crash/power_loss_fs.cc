#include "tests/crash/power_loss_fs.h"

#include <fmt/format.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace titip::crash {

using Status = PowerLossFs::Status;
using Options = PowerLossFs::Options;
using Context = PowerLossFs::Context;

namespace {

Status power_is_off() {
  return Status::IOError("the power is off");
}

Status read_from(const Platter::Node& file, std::uint64_t offset, std::size_t length, rocksdb::Slice* result,
                 char* scratch) {
  const std::size_t start = std::min<std::size_t>(offset, file.bytes.size());
  const std::size_t got = std::min(length, file.bytes.size() - start);
  std::memcpy(scratch, file.bytes.data() + start, got);
  *result = rocksdb::Slice(scratch, got);
  return Status::OK();
}

class Silent : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  std::size_t GetLogFileSize() const override { return 0; }
};

class Lock : public rocksdb::FileLock {
 public:
  explicit Lock(std::string locked) : path(std::move(locked)) {}
  const std::string path;
};

}  // namespace

std::string_view name(Op op) {
  constexpr std::array<std::string_view, op_count> names{
      "append", "sync", "overwrite", "truncate", "creation", "removal", "rename", "link", "sync of the directory"};
  return names[static_cast<std::size_t>(op)];
}

std::string Cut::text() const {
  if (nth == 0) return "the power goes at the end";
  return fmt::format("the power goes {} the {}. {}{}", after ? "right after" : "before", nth,
                     op ? name(*op) : "operation", files ? fmt::format(" of a {} file", name(*files)) : "");
}

template <class Effect>
Status PowerLossFs::change(Op op, std::string_view path, Effect effect) {
  const std::scoped_lock lock(mutex_);
  if (off_) return power_is_off();
  ++operations_;
  const bool of_this_sort = (!cut_.op || *cut_.op == op) && (!cut_.files || *cut_.files == kind_of(path));
  const bool now = of_this_sort && ++of_this_sort_ == cut_.nth;
  if (now && !cut_.after) {
    cut_came_ = true;
    lose_power();
    return power_is_off();
  }
  const bool was_there = effect();
  if (now) {
    cut_came_ = true;
    lose_power();
    return power_is_off();
  }
  return was_there ? Status::OK() : Status::PathNotFound(std::string(path));
}

template <class Look>
Status PowerLossFs::look(std::string_view path, Look look) const {
  const std::scoped_lock lock(mutex_);
  if (off_) return power_is_off();
  const Platter::NodePtr node = platter_.find(path);
  if (!node) return Status::PathNotFound(std::string(path));
  return look(node);
}

void PowerLossFs::lose_power() {
  survivors_ = platter_.after_power_cut(dice_, losses_);
  off_ = true;
}

void PowerLossFs::pull_the_plug() {
  const std::scoped_lock lock(mutex_);
  if (!off_) lose_power();
}

void PowerLossFs::arm(const Cut& cut) {
  const std::scoped_lock lock(mutex_);
  cut_ = cut;
  of_this_sort_ = 0;
}

Image PowerLossFs::as_it_is() const {
  const std::scoped_lock lock(mutex_);
  return platter_.as_it_is();
}

PowerLossFs::PowerLossFs(Disk disk)
    : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()),
      cut_(disk.cut),
      lies_(disk.lies),
      dice_(disk.seed, 77),
      platter_(disk.image) {}

// --- open files -----------------------------------------------------------------------------------------------------

class Reading : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  Reading(const PowerLossFs& fs, Platter::NodePtr node) : fs_(fs), node_(std::move(node)) {}
  bool use_direct_io() const override { return false; }
  std::size_t GetRequiredBufferAlignment() const override { return rocksdb::kDefaultPageSize; }
  Status InvalidateCache(std::size_t, std::size_t) override { return Status::OK(); }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }
  Status Read(std::size_t length, const Options&, rocksdb::Slice* result, char* scratch, Context*) override {
    const Status status = read(at_, length, result, scratch);
    if (status.ok()) at_ += result->size();
    return status;
  }
  Status Skip(std::uint64_t length) override {
    at_ += length;
    return Status::OK();
  }
  Status Read(std::uint64_t offset, std::size_t length, const Options&, rocksdb::Slice* result, char* scratch,
              Context*) const override {
    return read(offset, length, result, scratch);
  }

 private:
  Status read(std::uint64_t offset, std::size_t length, rocksdb::Slice* result, char* scratch) const {
    const std::scoped_lock lock(fs_.mutex_);
    if (fs_.off_) return power_is_off();
    return read_from(*node_, offset, length, result, scratch);
  }
  const PowerLossFs& fs_;
  const Platter::NodePtr node_;
  std::uint64_t at_ = 0;
};

class Writing : public rocksdb::FSWritableFile {
 public:
  Writing(PowerLossFs& fs, std::string path, Platter::NodePtr node)
      : fs_(fs), path_(std::move(path)), node_(std::move(node)) {}
  using rocksdb::FSWritableFile::Append;
  Status Append(const rocksdb::Slice& bytes, const Options&, Context*) override {
    return fs_.change(Op::append, path_, [&] {
      fs_.platter_.append(*node_, bytes.ToStringView());
      return true;
    });
  }
  Status Truncate(std::uint64_t size, const Options&, Context*) override {
    const auto effect = [&] {
      fs_.platter_.truncate(*node_, size);
      return true;
    };
    return size == size_now() ? Status::OK() : fs_.change(Op::truncate, path_, effect);
  }
  Status Close(const Options&, Context*) override { return Status::OK(); }
  Status Flush(const Options&, Context*) override { return Status::OK(); }
  Status Sync(const Options&, Context*) override {
    return fs_.change(Op::sync, path_, [&] {
      if (!fs_.lies_) fs_.platter_.sync(*node_);
      return true;
    });
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const Options&, Context*) override { return size_now(); }
  Status InvalidateCache(std::size_t, std::size_t) override { return Status::OK(); }

 private:
  std::uint64_t size_now() const {
    const std::scoped_lock lock(fs_.mutex_);
    return node_->bytes.size();
  }
  PowerLossFs& fs_;
  const std::string path_;
  const Platter::NodePtr node_;
};

class WritingAnywhere : public rocksdb::FSRandomRWFile {
 public:
  WritingAnywhere(PowerLossFs& fs, std::string path, Platter::NodePtr node)
      : fs_(fs), path_(std::move(path)), node_(std::move(node)) {}
  Status Write(std::uint64_t offset, const rocksdb::Slice& bytes, const Options&, Context*) override {
    return fs_.change(Op::overwrite, path_, [&] {
      fs_.platter_.write(*node_, offset, bytes.ToStringView());
      return true;
    });
  }
  Status Read(std::uint64_t offset, std::size_t length, const Options&, rocksdb::Slice* result, char* scratch,
              Context*) const override {
    const std::scoped_lock lock(fs_.mutex_);
    if (fs_.off_) return power_is_off();
    return read_from(*node_, offset, length, result, scratch);
  }
  Status Flush(const Options&, Context*) override { return Status::OK(); }
  Status Sync(const Options&, Context*) override {
    return fs_.change(Op::sync, path_, [&] {
      if (!fs_.lies_) fs_.platter_.sync(*node_);
      return true;
    });
  }
  Status Close(const Options&, Context*) override { return Status::OK(); }

 private:
  PowerLossFs& fs_;
  const std::string path_;
  const Platter::NodePtr node_;
};

class SyncingNames : public rocksdb::FSDirectory {
 public:
  SyncingNames(PowerLossFs& fs, std::string path, Platter::NodePtr node)
      : fs_(fs), path_(std::move(path)), node_(std::move(node)) {}
  Status Fsync(const Options&, Context*) override {
    return fs_.change(Op::sync_directory, path_, [&] {
      if (!fs_.lies_) fs_.platter_.sync_names(node_);
      return true;
    });
  }
  Status Close(const Options&, Context*) override { return Status::OK(); }

 private:
  PowerLossFs& fs_;
  const std::string path_;
  const Platter::NodePtr node_;
};

Status PowerLossFs::NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* made, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *made = std::make_unique<Reading>(*this, node);
    return Status::OK();
  });
}

Status PowerLossFs::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* made, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *made = std::make_unique<Reading>(*this, node);
    return Status::OK();
  });
}

Status PowerLossFs::open_for_writing(const std::string& path, bool empty,
                                     std::unique_ptr<rocksdb::FSWritableFile>* made) {
  Platter::NodePtr node;
  const Status status = change(Op::create, path, [&] {
    node = platter_.create(path);
    if (node && empty && !node->bytes.empty()) platter_.truncate(*node, 0);
    return node != nullptr;
  });
  if (status.ok()) *made = std::make_unique<Writing>(*this, path, node);
  return status;
}

Status PowerLossFs::NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSWritableFile>* made, Context*) {
  return open_for_writing(path, true, made);
}

Status PowerLossFs::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                       std::unique_ptr<rocksdb::FSWritableFile>* made, Context*) {
  return open_for_writing(path, false, made);
}

Status PowerLossFs::ReuseWritableFile(const std::string& path, const std::string& old, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSWritableFile>* made, Context*) {
  Status status = change(Op::rename, path, [&] { return platter_.rename(old, path); });
  if (!status.ok()) return status;
  return open_for_writing(path, true, made);
}

Status PowerLossFs::NewRandomRWFile(const std::string& path, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* made, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *made = std::make_unique<WritingAnywhere>(*this, path, node);
    return Status::OK();
  });
}

Status PowerLossFs::NewMemoryMappedFileBuffer(const std::string&, std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) {
  return Status::NotSupported("no mapped files here");
}

Status PowerLossFs::NewDirectory(const std::string& path, const Options&, std::unique_ptr<rocksdb::FSDirectory>* made,
                                 Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *made = std::make_unique<SyncingNames>(*this, path, node);
    return Status::OK();
  });
}

Status PowerLossFs::NewLogger(const std::string&, const Options&, std::shared_ptr<rocksdb::Logger>* made, Context*) {
  *made = std::make_shared<Silent>();
  return Status::OK();
}

// --- looking --------------------------------------------------------------------------------------------------------

Status PowerLossFs::FileExists(const std::string& path, const Options&, Context*) {
  const Status status = look(path, [](const auto&) { return Status::OK(); });
  return status.IsPathNotFound() ? Status::NotFound(path) : status;
}

Status PowerLossFs::GetChildren(const std::string& path, const Options&, std::vector<std::string>* names, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *names = platter_.children(*node);
    return Status::OK();
  });
}

Status PowerLossFs::GetChildrenFileAttributes(const std::string& path, const Options&,
                                              std::vector<rocksdb::FileAttributes>* found, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    found->clear();
    for (const auto& [each, child] : node->now) found->push_back({each, child->bytes.size()});
    return Status::OK();
  });
}

Status PowerLossFs::GetFileSize(const std::string& path, const Options&, std::uint64_t* size, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *size = node->bytes.size();
    return Status::OK();
  });
}

Status PowerLossFs::GetFileModificationTime(const std::string& path, const Options&, std::uint64_t* time, Context*) {
  return look(path, [&](const auto&) {
    *time = 1'630'000'000;
    return Status::OK();
  });
}

Status PowerLossFs::GetAbsolutePath(const std::string& path, const Options&, std::string* whole, Context*) {
  *whole = path;
  return Status::OK();
}

Status PowerLossFs::NumFileLinks(const std::string& path, const Options&, std::uint64_t* count, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    const Platter::NodePtr parent = platter_.parent_of(path);
    *count = static_cast<std::uint64_t>(
        std::ranges::count_if(parent->now, [&](const auto& entry) { return entry.second == node; }));
    return Status::OK();
  });
}

Status PowerLossFs::AreFilesSame(const std::string& one, const std::string& other, const Options&, bool* same,
                                 Context*) {
  return look(one, [&](const Platter::NodePtr& node) {
    *same = platter_.find(other) == node;
    return Status::OK();
  });
}

Status PowerLossFs::GetFreeSpace(const std::string&, const Options&, std::uint64_t* free, Context*) {
  *free = std::uint64_t{1} << 40U;
  return Status::OK();
}

Status PowerLossFs::IsDirectory(const std::string& path, const Options&, bool* is, Context*) {
  return look(path, [&](const Platter::NodePtr& node) {
    *is = node->directory;
    return Status::OK();
  });
}

Status PowerLossFs::GetTestDirectory(const Options&, std::string*, Context*) {
  return Status::NotSupported("no test directory here");
}

// --- changing names -------------------------------------------------------------------------------------------------

Status PowerLossFs::DeleteFile(const std::string& path, const Options&, Context*) {
  return change(Op::remove, path, [&] { return platter_.remove(path); });
}

Status PowerLossFs::Truncate(const std::string& path, std::size_t size, const Options&, Context*) {
  return change(Op::truncate, path, [&] {
    const Platter::NodePtr node = platter_.find(path);
    if (node) platter_.truncate(*node, size);
    return node != nullptr;
  });
}

Status PowerLossFs::CreateDir(const std::string& path, const Options& options, Context* context) {
  if (FileExists(path, options, context).ok()) return Status::IOError(path, "exists");
  return CreateDirIfMissing(path, options, context);
}

Status PowerLossFs::CreateDirIfMissing(const std::string& path, const Options& options, Context* context) {
  if (FileExists(path, options, context).ok()) return Status::OK();
  return change(Op::create, path, [&] { return platter_.make_directory(path) != nullptr; });
}

Status PowerLossFs::DeleteDir(const std::string& path, const Options&, Context*) {
  return change(Op::remove, path, [&] { return platter_.remove(path); });
}

Status PowerLossFs::RenameFile(const std::string& from, const std::string& to, const Options&, Context*) {
  return change(Op::rename, to, [&] { return platter_.rename(from, to); });
}

Status PowerLossFs::LinkFile(const std::string& from, const std::string& to, const Options&, Context*) {
  return change(Op::link, to, [&] { return platter_.link(from, to); });
}

Status PowerLossFs::LockFile(const std::string& path, const Options&, rocksdb::FileLock** lock, Context*) {
  const std::scoped_lock held(mutex_);
  if (!locked_.insert(path).second) return Status::IOError(path, "is locked");
  *lock = new Lock(path);  // RocksDB gives it back to UnlockFile
  return Status::OK();
}

Status PowerLossFs::UnlockFile(rocksdb::FileLock* lock, const Options&, Context*) {
  const std::scoped_lock held(mutex_);
  const std::unique_ptr<Lock> ours(static_cast<Lock*>(lock));
  locked_.erase(ours->path);
  return Status::OK();
}

// --- the clock ------------------------------------------------------------------------------------------------------

namespace {

constexpr int longest_sleep_us = 200;

class QuickClock : public rocksdb::SystemClockWrapper {
 public:
  QuickClock() : rocksdb::SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "QuickClock"; }
  void SleepForMicroseconds(int micros) override {
    rocksdb::SystemClockWrapper::SleepForMicroseconds(std::min(micros, longest_sleep_us));
  }
};

class QuickEnv : public rocksdb::EnvWrapper {
 public:
  explicit QuickEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : rocksdb::EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<QuickClock>();
  }
  const char* Name() const override { return "QuickEnv"; }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }
};

}  // namespace

std::shared_ptr<rocksdb::Env> quick_env(const std::shared_ptr<rocksdb::FileSystem>& files) {
  return std::make_shared<QuickEnv>(files);
}

}  // namespace titip::crash
