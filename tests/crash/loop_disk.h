// A small ext4 of our own on a loop device, mounted where nobody else sees it, whose power can be cut. Needs root. One
// thread; the mount goes when the process ends, however it ends.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace titip::crash {

// Runs a program, its output thrown away, and waits. -1: it could not be started.
int run_program(const std::vector<std::string>& command);

class LoopDisk {
 public:
  // Why this machine cannot do it; empty: it can. Moves this process into a mount namespace of its own.
  static std::string why_not();

  // Makes the file system (or makes it anew) and mounts it. The error is a sentence.
  static std::expected<LoopDisk, std::string> make(const std::filesystem::path& scratch, std::uint64_t bytes);
  LoopDisk(LoopDisk&& other) noexcept;
  LoopDisk& operator=(LoopDisk&&) = delete;
  ~LoopDisk();

  const std::filesystem::path& path() const { return where_; }
  // From now on nothing reaches the disk any more, not even the journal's own commit: as if the power had gone.
  bool cut_power();
  bool unmount();
  bool mount();

 private:
  LoopDisk(std::filesystem::path image, std::filesystem::path where);
  std::filesystem::path image_, where_;
  bool mounted_ = false;
};

}  // namespace titip::crash
