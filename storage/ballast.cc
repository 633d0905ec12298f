#include "storage/ballast.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace titip::storage {

std::uint64_t Ballast::bytes() const {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) return 0;
  return static_cast<std::uint64_t>(found.st_blocks) * 512;
}

bool Ballast::make(std::uint64_t bytes) {
  const int file = ::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool made = ::posix_fallocate(file, 0, static_cast<off_t>(bytes)) == 0;
  ::close(file);
  if (!made) drop();
  return made;
}

bool Ballast::drop() {
  if (::unlink(path_.c_str()) != 0) return false;
  settle_removal();
  return true;
}

// A journalling file system gives the blocks away again only when the removal is on the disk.
void Ballast::settle_removal() const {
  const int directory = ::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

}  // namespace titip::storage
