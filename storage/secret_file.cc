#include "storage/secret_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace titip::storage {
namespace {

struct File {
  int number = -1;
  explicit File(int opened) : number(opened) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (number >= 0) ::close(number);
  }
};

std::string why() {
  return std::error_code(errno, std::generic_category()).message();
}

std::string cannot_read(words::Text what, const std::filesystem::path& path) {
  return words::tell("cannot read {} {}: {}", what, path.string(), why());
}

std::string cannot_write(words::Text what, const std::filesystem::path& path) {
  return words::tell("cannot write {} {}: {}", what, path.string(), why());
}

// Of the very file that is open: a path could lead elsewhere by now. Without /proc nothing is a credential.
bool is_credential(int file, const struct stat& about) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') return false;
  std::error_code error;
  const auto credentials = std::filesystem::canonical(directory, error);
  if (error || credentials == credentials.root_path()) return false;
  const auto place = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), error);
  if (error) return false;
  const auto is_below = std::ranges::mismatch(credentials, place).in1 == credentials.end();
  const bool is_ours = about.st_uid == 0 || about.st_uid == ::geteuid();
  return is_below && is_ours && (about.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

}  // namespace

bool is_owners_alone(int file) {
  struct stat about{};
  if (::fstat(file, &about) != 0) return false;
  return (about.st_mode & (S_IRWXG | S_IRWXO)) == 0 || is_credential(file, about);
}

SecretText::~SecretText() {
  OPENSSL_cleanse(text.data(), text.size());
}

std::expected<SecretText, std::string> read_secret_file(const std::filesystem::path& path, words::Text what,
                                                        std::size_t largest) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.number < 0) return std::unexpected(cannot_read(what, path));
  struct stat found{};
  if (::fstat(file.number, &found) != 0 || !S_ISREG(found.st_mode)) {
    return std::unexpected(words::tell("{} {} is not a regular file", what, path.string()));
  }
  if (!is_owners_alone(file.number)) {
    return std::unexpected(words::tell("{} {} may be read or written by others than its owner; run: chmod 600 {}", what,
                                       path.string(), path.string()));
  }
  SecretText read;
  // Never reallocated from here on: no copy of a key is left behind.
  read.text.resize(std::min(largest, static_cast<std::size_t>(found.st_size)) + 1);
  std::size_t size = 0;
  while (size < read.text.size()) {
    const ssize_t got = ::read(file.number, read.text.data() + size, read.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(cannot_read(what, path));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > largest) {
    return std::unexpected(
        words::tell("{} {} is larger than {} bytes: damaged, or not that; restore it from its backup", what,
                    path.string(), largest));
  }
  read.text.resize(size);
  return read;
}

std::expected<void, std::string> write_secret_file(const std::filesystem::path& path, words::Text what,
                                                   std::string_view bytes, Existing existing) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  struct stat before{};
  const bool replaces = existing == Existing::replace && ::lstat(path.c_str(), &before) == 0;
  const std::string unfinished = path.string() + ".unfinished";
  ::unlink(unfinished.c_str());
  const File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (file.number < 0) return std::unexpected(cannot_write(what, path));
  // The umask can only take bits away, but a file that cannot be read again is no use either.
  bool written = ::fchmod(file.number, S_IRUSR | S_IWUSR) == 0;
  if (replaces && (before.st_uid != ::geteuid() || before.st_gid != ::getegid())) {
    written = written && ::fchown(file.number, before.st_uid, before.st_gid) == 0;
  }
  written = written && write_all(file.number, bytes) && ::fsync(file.number) == 0;
  // link() never replaces what is there, rename() always does.
  written = written && (existing == Existing::replace ? std::rename(unfinished.c_str(), path.c_str()) == 0
                                                      : ::link(unfinished.c_str(), path.c_str()) == 0);
  written = written && sync_directory(path.parent_path());
  if (written && existing == Existing::replace) return {};
  const std::string sentence = written ? std::string() : cannot_write(what, path);
  ::unlink(unfinished.c_str());
  if (!written) return std::unexpected(sentence);
  return {};
}

std::expected<void, std::string> append_secret_file(const std::filesystem::path& path, words::Text what,
                                                    std::string_view bytes) {
  const bool is_new = !std::filesystem::exists(std::filesystem::symlink_status(path));
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (file.number < 0 || !write_all(file.number, bytes) || ::fsync(file.number) != 0 ||
      (is_new && !sync_directory(path.parent_path()))) {
    return std::unexpected(cannot_write(what, path));
  }
  return {};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool sync_directory(const std::filesystem::path& directory) {
  const File opened(::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.number >= 0 && ::fsync(opened.number) == 0;
}

std::expected<void, std::string> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0 || !sync_directory(to.parent_path())) {
    return std::unexpected(words::tell("cannot rename {} to {}: {}", from.string(), to.string(), why()));
  }
  return {};
}

}  // namespace titip::storage
