#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>

#include "metrics/words/said.h"
#include "storage/disk_files.h"
#include "storage/rocks_kv_options.h"

namespace titip::storage {
namespace {

constexpr std::size_t piece_bytes = 1 * mib;

std::unexpected<std::string> failed(words::Text what, const DiskFiles::Path& path, const rocksdb::Status& status) {
  return std::unexpected(fmt::format("{} {}: {}", what.own(), path.string(), status.ToString()));
}

}  // namespace

struct DiskFiles::Below {
  RocksSetup setup;
  std::shared_ptr<rocksdb::FileSystem> files;
};

DiskFiles::DiskFiles() : DiskFiles(RocksSetup{}) {}

DiskFiles::DiskFiles(const RocksSetup& setup) : below_(std::make_unique<Below>(setup, env_of(setup).GetFileSystem())) {}

DiskFiles::~DiskFiles() = default;

bool DiskFiles::exists(const Path& path) const {
  return below_->files->FileExists(path.string(), {}, nullptr).ok();
}

DiskFiles::Outcome<std::vector<std::string>> DiskFiles::names(const Path& directory) const {
  std::vector<std::string> names;
  if (const auto status = below_->files->GetChildren(directory.string(), {}, &names, nullptr); !status.ok()) {
    return failed(words::text("cannot list"), directory, status);
  }
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::ranges::sort(names);
  return names;
}

DiskFiles::Outcome<void> DiskFiles::make_directory(const Path& directory) const {
  if (exists(directory)) return {};
  if (directory.has_parent_path() && directory.parent_path() != directory) {
    if (auto above = make_directory(directory.parent_path()); !above) return above;
  }
  if (const auto status = below_->files->CreateDirIfMissing(directory.string(), {}, nullptr); !status.ok()) {
    return failed(words::text("cannot make"), directory, status);
  }
  return sync_directory(directory.parent_path());
}

DiskFiles::Outcome<std::uint64_t> DiskFiles::size(const Path& path) const {
  std::uint64_t bytes = 0;
  if (const auto status = below_->files->GetFileSize(path.string(), {}, &bytes, nullptr); !status.ok()) {
    return failed(words::text("cannot measure"), path, status);
  }
  return bytes;
}

DiskFiles::Outcome<void> DiskFiles::read(const Path& path, const Seen& seen) const {
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  auto status = below_->files->NewSequentialFile(path.string(), {}, &file, nullptr);
  std::string scratch(piece_bytes, '\0');
  while (status.ok()) {
    rocksdb::Slice piece;
    status = file->Read(scratch.size(), {}, &piece, scratch.data(), nullptr);
    if (status.ok() && piece.empty()) return {};
    if (status.ok()) seen(piece.ToStringView());
  }
  return failed(words::text("cannot read"), path, status);
}

DiskFiles::Outcome<std::string> DiskFiles::read_whole(const Path& path, std::uint64_t at_most) const {
  const auto bytes = size(path);
  if (!bytes) return std::unexpected(bytes.error());
  if (*bytes > at_most) return std::unexpected(words::tell("{} is too large to be what it should be", path.string()));
  std::string whole;
  if (auto done = read(path, [&](std::string_view piece) { whole.append(piece); }); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return whole;
}

DiskFiles::Outcome<void> DiskFiles::copy(const Path& from, const Path& to, const Seen& seen) const {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = below_->files->NewWritableFile(to.string(), {}, &file, nullptr);
  if (!status.ok()) return failed(words::text("cannot make"), to, status);
  auto done = read(from, [&](std::string_view piece) {
    seen(piece);
    if (status.ok()) status = file->Append(slice(piece), {}, nullptr);
  });
  if (!done) return done;
  if (status.ok()) status = file->Fsync({}, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  if (!status.ok()) return failed(words::text("cannot write"), to, status);
  return {};
}

DiskFiles::Outcome<void> DiskFiles::write(const Path& path, std::string_view bytes) const {
  const Path beside = path.string() + ".new";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = below_->files->NewWritableFile(beside.string(), {}, &file, nullptr);
  if (status.ok()) status = file->Append(slice(bytes), {}, nullptr);
  if (status.ok()) status = file->Fsync({}, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  if (status.ok()) status = below_->files->RenameFile(beside.string(), path.string(), {}, nullptr);
  if (!status.ok()) return failed(words::text("cannot write"), path, status);
  return sync_directory(path.parent_path());
}

DiskFiles::Outcome<void> DiskFiles::remove(const Path& path) const {
  if (const auto status = below_->files->DeleteFile(path.string(), {}, nullptr); !status.ok()) {
    return failed(words::text("cannot remove"), path, status);
  }
  return sync_directory(path.parent_path());
}

DiskFiles::Outcome<void> DiskFiles::sync_directory(const Path& directory) const {
  const Path named = directory.empty() ? Path(".") : directory;
  std::unique_ptr<rocksdb::FSDirectory> opened;
  auto status = below_->files->NewDirectory(named.string(), {}, &opened, nullptr);
  if (status.ok()) status = opened->FsyncWithDirOptions({}, nullptr, rocksdb::DirFsyncOptions());
  if (!status.ok()) return failed(words::text("cannot sync"), named, status);
  return {};
}

}  // namespace titip::storage
