#include "gateway/admin/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "metrics/words/said.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

constexpr std::array role_names{"viewer", "operator", "admin"};
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t largest_file = 1U << 20U;

template <std::size_t Size>
std::string hex(const std::array<unsigned char, Size>& bytes) {
  std::string text;
  for (const auto byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

class File {
 public:
  explicit File(int handle) : handle_(handle) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const { return handle_; }

 private:
  int handle_;
};

std::unexpected<words::Said> unreadable(const std::filesystem::path& file) {
  return std::unexpected(words::said("cannot read {}: {}", file.string(), std::strerror(errno)));
}

std::expected<std::string, words::Said> whole(const File& file, const std::filesystem::path& path) {
  std::string text;
  for (std::array<char, 1U << 14U> chunk{};;) {
    const auto got = ::read(file.handle(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > largest_file)
      return std::unexpected(words::said("{} is too large for a file of tokens", path.string()));
  }
}

bool write_all(int handle, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(handle, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

clock::WallTime time_of(const ordered_json& value) {
  return clock::WallTime(std::chrono::milliseconds(value.get<std::int64_t>()));
}

ordered_json json_of(const Token& token) {
  ordered_json document{{"name", token.name},
                        {"role", name(token.role)},
                        {"sha256", token.hash},
                        {"made_ms", token.made.time_since_epoch().count()}};
  if (token.ends) document["ends_ms"] = token.ends->time_since_epoch().count();
  return document;
}

std::optional<Token> token_of(const ordered_json& document) {
  const auto role = role_named(document.at("role").get<std::string>());
  Token token{
      document.at("name"), role.value_or(Role::viewer), document.at("sha256"), time_of(document.at("made_ms")), {}};
  if (document.contains("ends_ms")) token.ends = time_of(document.at("ends_ms"));
  return role && token.hash.size() == 2 * hash_bytes ? std::optional(std::move(token)) : std::nullopt;
}

}  // namespace

std::string_view name(Role role) {
  return role_names[static_cast<std::size_t>(role)];
}

std::optional<Role> role_named(std::string_view text) {
  const auto found = std::ranges::find(role_names, text);
  return found == role_names.end() ? std::nullopt : std::optional(static_cast<Role>(found - role_names.begin()));
}

Role least_role(Command command) {
  switch (command) {
    case Command::status:
    case Command::outages:
    case Command::drain_status:
    case Command::facility_ls:
    case Command::queue_ls:
    case Command::queue_show:
    case Command::queue_shape:
    case Command::bulk_status:
    case Command::audit_ls:
    case Command::edit_proposals:
      return Role::viewer;
    case Command::audit_verify:  // it keeps other long work waiting
    case Command::resume:
    case Command::pause:
    case Command::drain:
    case Command::drain_pause:
    case Command::drain_resume:
    case Command::drain_cancel:
    case Command::hold:
    case Command::release:
    case Command::requeue:
    case Command::cancel:
    case Command::bulk_resume:
    case Command::bulk_stop:
      return Role::operator_;
    default:  // whatever comes later is an admin's until somebody says otherwise
      return Role::admin;
  }
}

std::string new_token_secret() {
  std::array<unsigned char, secret_bytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  return "titip_" + hex(bytes);
}

std::string token_hash(std::string_view secret) {
  std::array<unsigned char, hash_bytes> digest{};
  if (EVP_Digest(secret.data(), secret.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) std::abort();
  return hex(digest);
}

std::filesystem::path token_file(const std::filesystem::path& data_directory) {
  return data_directory / "admin-tokens.json";
}

std::expected<std::vector<Token>, words::Said> read_tokens(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (file.handle() < 0 && errno == ENOENT) return std::vector<Token>{};
  struct stat about{};
  if (file.handle() < 0 || ::fstat(file.handle(), &about) != 0) return unreadable(path);
  if (!S_ISREG(about.st_mode)) return std::unexpected(words::said("{} is no regular file", path.string()));
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return std::unexpected(
        words::said("{} may be read or changed by group or others; run: chmod 600 {}", path.string(), path.string()));
  const auto text = whole(file, path);
  if (!text) return std::unexpected(text.error());
  const auto damaged = std::unexpected(
      words::said("{} is no file of tokens any more; move it away, and make the tokens anew with titip admin token add",
                  path.string()));
  std::vector<Token> tokens;
  try {
    const auto document = ordered_json::parse(*text);
    for (const auto& each : document.at("tokens")) {
      auto token = token_of(each);
      if (!token) return damaged;
      tokens.push_back(*std::move(token));
    }
  } catch (const ordered_json::exception&) {
    return damaged;
  }
  return tokens;
}

std::expected<void, words::Said> write_tokens(const std::filesystem::path& path, const std::vector<Token>& tokens) {
  auto list = ordered_json::array();
  for (const auto& each : tokens) list.push_back(json_of(each));
  const auto text = ordered_json{{"tokens", std::move(list)}}.dump(2) + "\n";
  auto beside = path;
  beside += ".new";
  ::unlink(beside.c_str());  // of a write that was cut short
  {
    const File file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (file.handle() < 0 || !write_all(file.handle(), text) || ::fsync(file.handle()) != 0)
      return std::unexpected(words::said("cannot write {}: {}", beside.string(), std::strerror(errno)));
  }
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return std::unexpected(words::said("cannot replace {}: {}", path.string(), std::strerror(errno)));
  const File directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.handle() < 0 || ::fsync(directory.handle()) != 0)
    return std::unexpected(words::said("cannot sync the directory of {}: {}", path.string(), std::strerror(errno)));
  return {};
}

void TokenBook::replace(std::vector<Token> tokens) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::move(tokens);
}

bool TokenBook::empty() const {
  const std::lock_guard lock(mutex_);
  return tokens_.empty();
}

std::optional<Token> TokenBook::find(std::string_view secret, clock::WallTime now) const {
  const auto hash = token_hash(secret);
  const std::lock_guard lock(mutex_);
  const Token* found = nullptr;
  for (const auto& each : tokens_)
    if (each.hash.size() == hash.size() && CRYPTO_memcmp(each.hash.data(), hash.data(), hash.size()) == 0)
      found = &each;
  if (found == nullptr || (found->ends && *found->ends <= now)) return std::nullopt;
  return *found;
}

}  // namespace titip::admin
