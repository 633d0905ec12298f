// A file system for RocksDB that loses power at a chosen operation: from then on everything fails, and what survives is
// what the platter (platter.h) says. Nothing touches a real disk, so a round takes milliseconds.
//
// Threads: any. Everything is under one lock, and so is the moment of the cut: what was synced before it survives.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "tests/crash/platter.h"

namespace titip::crash {

enum class Op : std::uint8_t { append, sync, overwrite, truncate, create, remove, rename, link, sync_directory };
inline constexpr std::size_t op_count = 9;
std::string_view name(Op op);

// When the power goes: at the nth operation of this sort. `after`: it still has its effect, and nobody hears of it.
struct Cut {
  std::optional<Op> op;           // none: any
  std::optional<FileKind> files;  // none: any
  std::uint64_t nth = 0;          // 0: only when pull_the_plug() is called
  bool after = false;
  std::string text() const;
};

struct Disk {
  Image image;  // what lies on it at the start
  Cut cut;
  std::uint64_t seed = 0;  // the dice for what survives
  // A control: syncs of logs, tables, blobs and the note do nothing and say that they did. Names, CURRENT and MANIFEST
  // are honest, or the store would just not open, and the oracle would have nothing to see.
  bool lies = false;
};

class PowerLossFs : public rocksdb::FileSystemWrapper {
 public:
  explicit PowerLossFs(Disk disk);

  bool off() const { return off_; }
  bool cut_came() const { return cut_came_; }  // at the chosen operation, not by the plug
  void pull_the_plug();
  void arm(const Cut& cut);  // from now on this one, counted from now
  // After the cut: what survived, and what was lost.
  const Image& survivors() const { return survivors_; }
  const Losses& losses() const { return losses_; }
  Image as_it_is() const;
  std::uint64_t operations() const { return operations_; }

  static const char* kClassName() { return "PowerLossFs"; }
  const char* Name() const override { return kClassName(); }

  using Status = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Context = rocksdb::IODebugContext;

  Status NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSSequentialFile>* made, Context*) override;
  Status NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSRandomAccessFile>* made, Context*) override;
  Status NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                         std::unique_ptr<rocksdb::FSWritableFile>* made, Context*) override;
  Status ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                            std::unique_ptr<rocksdb::FSWritableFile>* made, Context*) override;
  Status ReuseWritableFile(const std::string& path, const std::string& old, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* made, Context*) override;
  Status NewRandomRWFile(const std::string& path, const rocksdb::FileOptions&,
                         std::unique_ptr<rocksdb::FSRandomRWFile>* made, Context*) override;
  Status NewMemoryMappedFileBuffer(const std::string&, std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) override;
  Status NewDirectory(const std::string& path, const Options&, std::unique_ptr<rocksdb::FSDirectory>* made,
                      Context*) override;
  Status NewLogger(const std::string&, const Options&, std::shared_ptr<rocksdb::Logger>* made, Context*) override;

  Status FileExists(const std::string& path, const Options&, Context*) override;
  Status GetChildren(const std::string& path, const Options&, std::vector<std::string>* names, Context*) override;
  Status GetChildrenFileAttributes(const std::string& path, const Options&, std::vector<rocksdb::FileAttributes>* found,
                                   Context*) override;
  Status GetFileSize(const std::string& path, const Options&, std::uint64_t* size, Context*) override;
  Status GetFileModificationTime(const std::string& path, const Options&, std::uint64_t* time, Context*) override;
  Status GetAbsolutePath(const std::string& path, const Options&, std::string* whole, Context*) override;
  Status NumFileLinks(const std::string& path, const Options&, std::uint64_t* count, Context*) override;
  Status AreFilesSame(const std::string& one, const std::string& other, const Options&, bool* same, Context*) override;
  Status GetFreeSpace(const std::string&, const Options&, std::uint64_t* free, Context*) override;
  Status IsDirectory(const std::string& path, const Options&, bool* is, Context*) override;
  Status GetTestDirectory(const Options&, std::string*, Context*) override;

  Status DeleteFile(const std::string& path, const Options&, Context*) override;
  Status Truncate(const std::string& path, std::size_t size, const Options&, Context*) override;
  Status CreateDir(const std::string& path, const Options&, Context*) override;
  Status CreateDirIfMissing(const std::string& path, const Options&, Context*) override;
  Status DeleteDir(const std::string& path, const Options&, Context*) override;
  Status RenameFile(const std::string& from, const std::string& to, const Options&, Context*) override;
  Status LinkFile(const std::string& from, const std::string& to, const Options&, Context*) override;
  Status LockFile(const std::string& path, const Options&, rocksdb::FileLock** lock, Context*) override;
  Status UnlockFile(rocksdb::FileLock* lock, const Options&, Context*) override;

 private:
  friend class Reading;
  friend class Writing;
  friend class WritingAnywhere;
  friend class SyncingNames;

  Status open_for_writing(const std::string& path, bool empty, std::unique_ptr<rocksdb::FSWritableFile>* made);
  // Does `effect`, which says whether there was what it works on, unless the power is off or goes at this operation.
  bool lies_about(std::string_view path) const;
  static Status power_is_off() { return Status::IOError("the power is off"); }
  template <class Effect>
  Status change(Op op, std::string_view path, Effect effect);
  template <class Look>
  Status look(std::string_view path, Look look) const;
  void lose_power();

  mutable std::mutex mutex_;
  Cut cut_;
  const bool lies_;
  sampler::Random dice_;
  Platter platter_;
  std::set<std::string> locked_;
  std::uint64_t of_this_sort_ = 0;
  std::atomic<std::uint64_t> operations_ = 0;
  std::atomic<bool> off_ = false;
  std::atomic<bool> cut_came_ = false;
  Image survivors_;
  Losses losses_;
};

template <class Effect>
PowerLossFs::Status PowerLossFs::change(Op op, std::string_view path, Effect effect) {
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
PowerLossFs::Status PowerLossFs::look(std::string_view path, Look look) const {
  const std::scoped_lock lock(mutex_);
  if (off_) return power_is_off();
  const Platter::NodePtr node = platter_.find(path);
  if (!node) return Status::PathNotFound(std::string(path));
  return look(node);
}

}  // namespace titip::crash
