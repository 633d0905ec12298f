#include "storage/disk_use.h"

#include <sys/stat.h>

#include <string>
#include <system_error>

namespace titip::storage {

DiskUse kind_of_file(std::string_view name) {
  if (name.ends_with(".sst")) return DiskUse::tables;
  if (name.ends_with(".blob")) return DiskUse::blobs;
  if (name.ends_with(".log")) return DiskUse::logs;
  if (name == "BALLAST") return DiskUse::ballast;
  return DiskUse::other;
}

DiskUses measure_disk_use(const std::filesystem::path& directory) {
  constexpr std::uint64_t block = 512;  // of stat, whatever the file system's own
  DiskUses uses{};
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat found{};
    if (::lstat(entry->path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    // As it lies on the disk: a log is allocated ahead of what is written.
    uses[static_cast<std::size_t>(kind_of_file(entry->path().filename().native()))] +=
        static_cast<std::uint64_t>(found.st_blocks) * block;
  }
  return uses;
}

}  // namespace titip::storage
