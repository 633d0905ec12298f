// A file of really allocated space and no content, given up when a disk is nearly full, so that settlements, flushes
// and a start find room. It lies in the data directory beside the database, which does not know it. Threads: one at a
// time.
#pragma once

#include <cstdint>
#include <filesystem>

namespace titip::storage {

class Ballast {
 public:
  explicit Ballast(const std::filesystem::path& directory) : path_(directory / "BALLAST") {}

  std::uint64_t bytes() const;  // allocated now
  // False: the disk did not give that much; nothing is left behind then.
  bool make(std::uint64_t bytes);
  // The space is free when this returns. False: there was none, or it could not be removed.
  bool drop();

 private:
  void settle_removal() const;
  std::filesystem::path path_;
};

}  // namespace titip::storage
