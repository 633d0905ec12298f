#include "tests/storage/small_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "storage/free_space.h"

namespace titip::storage {

SmallDisk::SmallDisk(std::uint64_t mib) {
  if (::geteuid() != 0) {
    why_not_ = "a file system can be mounted by root alone";
    return;
  }
  const std::string image = (directory_.path() / "image").string();
  std::filesystem::create_directory(path());
  if (!run("truncate -s " + std::to_string(mib) + "M " + image) || !run("mkfs.ext4 -q -F -m 0 " + image)) {
    why_not_ = "mkfs.ext4 does not work here";
    return;
  }
  mounted_ = run("mount -o loop " + image + " " + path().string());
  if (!mounted_) why_not_ = "no loop device can be mounted here";
}

SmallDisk::~SmallDisk() {
  if (mounted_ && !run("umount " + path().string())) run("umount -l " + path().string());
}

bool SmallDisk::run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

std::uint64_t SmallDisk::free_mib() const {
  ::sync();  // removed blocks are free when the journal says so
  return free_bytes(path()).value_or(0) >> 20U;
}

// Down to the last block where nothing is to be left: what fallocate leaves, writing takes.
void SmallDisk::fill_up_to(std::uint64_t left_mib) {
  const std::string file = (path() / "filler").string();
  const int filler = ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (filler < 0) throw std::system_error(errno, std::generic_category(), file);
  const std::string block(1U << 20U, 'f');
  // How much is said once: what a store gives up meanwhile stays free.
  const std::uint64_t free = free_bytes(path()).value_or(0), left = left_mib << 20U;
  std::uint64_t to_write = free > left ? free - left : 0;
  std::size_t size = block.size();
  while (size >= 4096 && (to_write > 0 || left_mib == 0)) {
    const ssize_t wrote = ::write(filler, block.data(), size);
    if (wrote <= 0) size /= 2;
    if (wrote > 0) to_write -= std::min(to_write, static_cast<std::uint64_t>(wrote));
  }
  ::fsync(filler);
  ::close(filler);
}

void SmallDisk::free_again() {
  std::filesystem::remove(path() / "filler");
  ::sync();
}

}  // namespace titip::storage
