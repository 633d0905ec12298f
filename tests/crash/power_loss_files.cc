// The files and directories that are open on a PowerLossFs.
#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/crash/power_loss_fs.h"

namespace titip::crash {

using Status = PowerLossFs::Status;
using Options = PowerLossFs::Options;
using Context = PowerLossFs::Context;

namespace {

Status read_from(const Platter::Node& file, std::uint64_t offset, std::size_t length, rocksdb::Slice* result,
                 char* scratch) {
  const std::size_t start = std::min<std::size_t>(offset, file.bytes.size());
  const std::size_t got = std::min(length, file.bytes.size() - start);
  std::memcpy(scratch, file.bytes.data() + start, got);
  *result = rocksdb::Slice(scratch, got);
  return Status::OK();
}

}  // namespace

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
    if (fs_.off_) return PowerLossFs::power_is_off();
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
      if (!fs_.lies_about(path_)) fs_.platter_.sync(*node_);
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
    if (fs_.off_) return PowerLossFs::power_is_off();
    return read_from(*node_, offset, length, result, scratch);
  }
  Status Flush(const Options&, Context*) override { return Status::OK(); }
  Status Sync(const Options&, Context*) override {
    return fs_.change(Op::sync, path_, [&] {
      if (!fs_.lies_about(path_)) fs_.platter_.sync(*node_);
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
      fs_.platter_.sync_names(node_);
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

}  // namespace titip::crash
