#include "storage/rocks_kv_log_ahead.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "storage/rocks_kv_options.h"

namespace titip::storage {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Long enough that few commits pay for it, short enough that the one that does is no slower than others may be.
constexpr std::uint64_t usual_stretch = 2 * mib;
// RocksDB reads its log in blocks of this size, and takes a last one that is shorter than a record's head for damage.
constexpr std::uint64_t block = 32U << 10U;

class LogAhead : public rocksdb::FSWritableFile {
 public:
  // Both are the same file: one writes anywhere in it, the other can cut it.
  LogAhead(std::unique_ptr<rocksdb::FSRandomRWFile> anywhere, std::unique_ptr<rocksdb::FSWritableFile> cutter,
           std::uint64_t stretch)
      : anywhere_(std::move(anywhere)), cutter_(std::move(cutter)), stretch_(stretch) {}

  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (IOStatus written = anywhere_->Write(end_, data, options, debug); !written.ok()) return written;
    end_ += data.size();
    if (end_ > ready_) make_ready(options, debug);
    return IOStatus::OK();
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    end_ = ready_ = size;
    return cutter_->Truncate(size, options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    cut(options, debug);
    IOStatus closed = cutter_->Close(options, debug);
    closed.PermitUncheckedError();
    IOStatus other = anywhere_->Close(options, debug);
    return closed.ok() ? other : closed;
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override { return anywhere_->Flush(options, debug); }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override { return anywhere_->Sync(options, debug); }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return anywhere_->Fsync(options, debug); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return end_; }
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}  // done here

 private:
  void make_ready(const IOOptions& options, IODebugContext* debug) {
    static constexpr std::array<char, 128U << 10U> zeros{};
    const std::uint64_t until = stretch_ == 0 ? end_ : (end_ + stretch_ + block - 1) / block * block;
    ready_ = end_;
    while (ready_ < until) {
      const auto piece = std::min<std::uint64_t>(zeros.size(), until - ready_);
      ready_ += piece;
      if (anywhere_->Write(ready_ - piece, rocksdb::Slice(zeros.data(), piece), options, debug).ok()) continue;
      // A disk that has no room for zeros may have it for records: from here on this log just grows.
      stretch_ = 0;
      return cut(options, debug);
    }
  }
  // Zeros that stay do no harm.
  void cut(const IOOptions& options, IODebugContext* debug) {
    if (ready_ > end_) Truncate(end_, options, debug).PermitUncheckedError();
  }

  const std::unique_ptr<rocksdb::FSRandomRWFile> anywhere_;
  const std::unique_ptr<rocksdb::FSWritableFile> cutter_;
  std::uint64_t stretch_;
  std::uint64_t end_ = 0;    // of what was appended
  std::uint64_t ready_ = 0;  // of the file
};

class FilesWithLogsAhead : public rocksdb::FileSystemWrapper {
 public:
  FilesWithLogsAhead(const std::shared_ptr<rocksdb::FileSystem>& below, std::uint64_t stretch)
      : rocksdb::FileSystemWrapper(below), below_(below), stretch_(stretch) {}
  const char* Name() const override { return "titip.logs_ahead"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* made, IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSWritableFile> plain;
    IOStatus status = below_->NewWritableFile(path, options, &plain, debug);
    std::unique_ptr<rocksdb::FSRandomRWFile> anywhere;
    const bool is_log = std::string_view(path).ends_with(".log");
    if (is_log && status.ok()) status = below_->NewRandomRWFile(path, options, &anywhere, debug);
    if (!status.ok()) return status;
    *made = is_log ? std::make_unique<LogAhead>(std::move(anywhere), std::move(plain), stretch_) : std::move(plain);
    return status;
  }

 private:
  const std::shared_ptr<rocksdb::FileSystem> below_;
  const std::uint64_t stretch_;
};

class EnvWithLogsAhead : public rocksdb::EnvWrapper {
 public:
  EnvWithLogsAhead(const RocksSetup& below, std::uint64_t stretch)
      : rocksdb::EnvWrapper(&env_of(below)), below_(below.env) {
    file_system_ = std::make_shared<FilesWithLogsAhead>(env_of(below).GetFileSystem(), stretch);
    system_clock_ = env_of(below).GetSystemClock();
  }
  const char* Name() const override { return "titip.logs_ahead"; }

 private:
  const std::shared_ptr<rocksdb::Env> below_;
};

}  // namespace

RocksSetup with_logs_ahead(const RocksSetup& setup) {
  RocksSetup with = setup;
  with.env = std::make_shared<EnvWithLogsAhead>(setup, setup.log_ahead_bytes.value_or(usual_stretch));
  return with;
}

}  // namespace titip::storage
