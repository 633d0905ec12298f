// What a data directory takes on the disk, by the kind of its files. Any thread; files may come and go meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace titip::capacity {

struct DiskUse {
  std::uint64_t log = 0;    // write-ahead log
  std::uint64_t table = 0;  // sst
  std::uint64_t blob = 0;
  std::uint64_t other = 0;
  std::uint64_t all() const { return log + table + blob + other; }
  // Without what is as long for ten submissions as for ten million: ballast, manifest.
  std::uint64_t without_other() const { return log + table + blob; }
  std::string text() const;
};

// Blocks that are allocated, not lengths: what a full disk is full of.
DiskUse disk_use(const std::filesystem::path& directory);

// What the store in `from` is at this moment, beside it: files that are never written to again are the same files.
void copy_store(const std::filesystem::path& from, const std::filesystem::path& to);

// As after a power cut: the files' pages leave the kernel's cache, so that the next start reads from the disk.
void forget_cached_pages(const std::filesystem::path& directory);

}  // namespace titip::capacity
