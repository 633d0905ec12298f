// A real file system of its own that a test may fill: ext4 on a loop device. Needs root and a loop device; where there
// is none, why_not() says so and the test skips itself loudly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/storage/support.h"

namespace titip::storage {

class SmallDisk {
 public:
  explicit SmallDisk(std::uint64_t mib);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  const std::string& why_not() const { return why_not_; }  // empty: it is there
  std::filesystem::path path() const { return directory_.path() / "disk"; }
  std::uint64_t free_mib() const;
  // A file of somebody else's, so large that this much stays free of what is free now; its space is really taken.
  // 0: down to the last block, whoever frees some meanwhile.
  void fill_up_to(std::uint64_t left_mib);
  void free_again();

 private:
  bool run(const std::string& command);
  Directory directory_;
  std::string why_not_;
  bool mounted_ = false;
};

}  // namespace titip::storage
