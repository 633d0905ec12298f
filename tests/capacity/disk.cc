#include "tests/capacity/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

namespace titip::capacity {
namespace {

void each_file(const std::filesystem::path& directory, const std::function<void(const std::filesystem::path&)>& see) {
  std::error_code gone;
  for (std::filesystem::recursive_directory_iterator i(directory, gone), end; !gone && i != end; i.increment(gone))
    see(i->path());
}

double mb(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

}  // namespace

std::string DiskUse::text() const {
  return fmt::format("{:.0f} MB (log {:.0f}, tables {:.0f}, blobs {:.0f}, other {:.1f})", mb(all()), mb(log), mb(table),
                     mb(blob), mb(other));
}

DiskUse disk_use(const std::filesystem::path& directory) {
  DiskUse use;
  each_file(directory, [&](const std::filesystem::path& path) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return;
    const auto bytes = static_cast<std::uint64_t>(found.st_blocks) * 512;
    const auto kind = path.extension();
    (kind == ".log" ? use.log : kind == ".sst" ? use.table : kind == ".blob" ? use.blob : use.other) += bytes;
  });
  return use;
}

void copy_store(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  each_file(from, [&](const std::filesystem::path& path) {
    const auto kind = path.extension();
    if (kind == ".sst" || kind == ".blob") {
      std::filesystem::create_hard_link(path, to / path.filename());
    } else if (path.filename() != "BALLAST") {  // empty space, which a start makes anew
      std::filesystem::copy_file(path, to / path.filename());
    }
  });
}

void forget_cached_pages(const std::filesystem::path& directory) {
  each_file(directory, [](const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return;
    ::fdatasync(file);  // dirty pages stay otherwise
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  });
}

}  // namespace titip::capacity
