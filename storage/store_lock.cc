#include "storage/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "metrics/words/said.h"

namespace titip::storage {

std::expected<StoreLock, std::string> StoreLock::take(const std::filesystem::path& store) {
  std::error_code error;
  if (store.has_parent_path()) std::filesystem::create_directories(store.parent_path(), error);
  const std::string path = store.string() + ".lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool locked = file >= 0 && ::flock(file, LOCK_EX | LOCK_NB) == 0;
  if (locked) return StoreLock(store, file);
  const int why = errno;
  if (file >= 0) ::close(file);
  if (why == EWOULDBLOCK) {
    return std::unexpected(words::tell("another process works with the store in {}; stop it first", store.string()));
  }
  return std::unexpected(
      words::tell("cannot lock {}: {}", path, std::error_code(why, std::generic_category()).message()));
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : store_(std::move(other.store_)), file_(std::exchange(other.file_, -1)) {}

StoreLock::~StoreLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace titip::storage
