#include "storage/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

#include "storage/check.h"
#include "storage/crc32c.h"

namespace titip::storage {
namespace {

constexpr std::string_view magic = "titip-key-file 1";
constexpr std::size_t largest_file = 4096;

// Text that held keys is wiped, wherever the function ends.
struct SecretText {
  std::string text;
  SecretText() = default;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { OPENSSL_cleanse(text.data(), text.size()); }
};

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

void append_hex(std::string& out, const DataKey& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : key.bytes) {
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 15U]);
  }
}

bool read_hex(std::string_view text, DataKey& key) {
  if (text.size() != key.bytes.size() * 2) return false;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    const char* at = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, key.bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return false;
  }
  return true;
}

// "name value" of the next line; nothing if the line is not that.
std::optional<std::string_view> next_line(std::string_view& rest, std::string_view name) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') return std::nullopt;
  return line.substr(name.size() + 1);
}

template <class Number>
bool read_number(std::string_view text, Number& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<KeyFile> parse(std::string_view text) {
  std::string_view rest = text;
  if (!rest.starts_with(magic) || rest.size() <= magic.size() || rest[magic.size()] != '\n') return std::nullopt;
  rest.remove_prefix(magic.size() + 1);
  KeyFile file;
  const auto key_id = next_line(rest, "key-id");
  if (!key_id || !read_number(*key_id, file.key_id, 10)) return std::nullopt;
  const auto wrapping = next_line(rest, "wrapping-key");
  if (!wrapping || !read_hex(*wrapping, file.wrapping)) return std::nullopt;
  const auto index = next_line(rest, "index-key");
  if (!index || !read_hex(*index, file.index)) return std::nullopt;
  const std::string_view covered = text.substr(0, text.size() - rest.size());
  std::uint32_t crc = 0;
  const auto sum = next_line(rest, "crc32c");
  if (!sum || !read_number(*sum, crc, 16) || crc != crc32c(covered) || !rest.empty()) return std::nullopt;
  return file;
}

void compose(const KeyFile& file, std::string& text) {
  text = fmt::format("{}\nkey-id {}\nwrapping-key ", magic, file.key_id);
  text.reserve(largest_file);  // never reallocated from here on: no copy of a key is left behind
  append_hex(text, file.wrapping);
  text += "\nindex-key ";
  append_hex(text, file.index);
  text += "\n";
  text += fmt::format("crc32c {:08x}\n", crc32c(text));
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

}  // namespace

std::expected<KeyFile, std::string> read_key_file(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.number < 0) {
    return std::unexpected(fmt::format("cannot read the key file {}: {}", path.string(), why()));
  }
  struct stat found{};
  if (::fstat(file.number, &found) != 0 || !S_ISREG(found.st_mode)) {
    return std::unexpected(fmt::format("the key file {} is not a regular file", path.string()));
  }
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return std::unexpected(
        fmt::format("the key file {} may be read or written by others than its owner; run: chmod 600 {}", path.string(),
                    path.string()));
  }
  SecretText read;
  read.text.resize(largest_file + 1);
  std::size_t size = 0;
  while (size < read.text.size()) {
    const ssize_t got = ::read(file.number, read.text.data() + size, read.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(fmt::format("cannot read the key file {}: {}", path.string(), why()));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  const auto parsed = parse(std::string_view(read.text).substr(0, size));
  if (!parsed) {
    return std::unexpected(fmt::format(
        "the key file {} is damaged, or not a key file of this version; restore it from its backup (without it nothing "
        "that is sealed can be read; do not make a new one)",
        path.string()));
  }
  return *parsed;
}

std::expected<KeyFile, std::string> make_key_file(const std::filesystem::path& path) {
  KeyFile made;
  made.key_id = 1;
  for (DataKey* key : {&made.wrapping, &made.index}) {
    check(RAND_bytes(key->bytes.data(), static_cast<int>(key->bytes.size())) == 1, "the system gives random bytes");
  }
  SecretText text;
  compose(made, text.text);
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  // Written whole under another name, then linked: a crash leaves the key file either absent or complete, and an
  // existing one is never replaced.
  const std::string unfinished = path.string() + ".unfinished";
  ::unlink(unfinished.c_str());
  const File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (file.number < 0) {
    return std::unexpected(fmt::format("cannot make the key file {}: {}", path.string(), why()));
  }
  // The umask can only take bits away, but a key file that cannot be read again is no use either.
  const bool written = ::fchmod(file.number, S_IRUSR | S_IWUSR) == 0 && write_all(file.number, text.text) &&
                       ::fsync(file.number) == 0 && ::link(unfinished.c_str(), path.c_str()) == 0 &&
                       sync_directory(path.parent_path());
  const std::string reason = written ? std::string() : why();
  ::unlink(unfinished.c_str());
  if (!written) return std::unexpected(fmt::format("cannot write the key file {}: {}", path.string(), reason));
  return read_key_file(path);  // what the disk holds is what is used, should another start have raced us
}

}  // namespace titip::storage
