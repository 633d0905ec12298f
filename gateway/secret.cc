#include "gateway/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "metrics/words/said.h"
#include "storage/secret_file.h"

namespace titip::gateway {
namespace {

constexpr std::size_t secret_bytes = 64U << 10U;

// An open file: what is asked of it and what is read is of one and the same.
class File {
 public:
  explicit File(const std::filesystem::path& path) : handle_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const { return handle_; }

 private:
  int handle_;
};

std::unexpected<std::string> unreadable(const std::filesystem::path& path) {
  return std::unexpected(words::tell("cannot read {}: {}", path.string(), std::strerror(errno)));
}

enum class Whose { owners, anybodys };

std::expected<std::string, std::string> read_file(const std::filesystem::path& path, std::size_t largest, Whose whose) {
  const File file(path);
  struct stat about{};
  if (file.handle() < 0 || ::fstat(file.handle(), &about) != 0) return unreadable(path);
  if (!S_ISREG(about.st_mode)) return std::unexpected(words::tell("{} is no regular file", path.string()));
  if (whose == Whose::owners && !storage::is_owners_alone(file.handle()))
    return std::unexpected(
        words::tell("{} may be read by group or others; run: chmod 600 {}", path.string(), path.string()));
  std::string text;
  for (std::array<char, 1U << 16U> chunk{};;) {
    const auto got = ::read(file.handle(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > largest)
      return std::unexpected(words::tell("{} is larger than {} bytes", path.string(), largest));
  }
}

}  // namespace

std::expected<std::string, std::string> read_private_file(const std::filesystem::path& path, std::size_t largest) {
  return read_file(path, largest, Whose::owners);
}

std::expected<std::string, std::string> read_public_file(const std::filesystem::path& path, std::size_t largest) {
  return read_file(path, largest, Whose::anybodys);
}

std::expected<std::string, std::string> read_secret(const std::filesystem::path& path) {
  auto text = read_private_file(path, secret_bytes);
  if (!text) return text;
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) return std::unexpected(words::tell("{} is empty; it must hold the secret", path.string()));
  return text;
}

}  // namespace titip::gateway
