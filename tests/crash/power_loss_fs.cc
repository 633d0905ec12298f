#include "tests/crash/power_loss_fs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace titip::crash {

using Status = PowerLossFs::Status;
using Options = PowerLossFs::Options;
using Context = PowerLossFs::Context;

namespace {

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

bool PowerLossFs::lies_about(std::string_view path) const {
  const FileKind kind = kind_of(path);
  return lies_ &&
         (kind == FileKind::wal || kind == FileKind::table || kind == FileKind::blob || kind == FileKind::note);
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

}  // namespace titip::crash
