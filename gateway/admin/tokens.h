// The tokens of the admin API: who holds one, what it allows, and until when. A token is shown once, to whoever has it
// made; kept is its SHA-256, in a file of the data directory that group and others may not read. The file is no part of
// the store, so no backup brings a revoked token back. Threads: reading and writing the file may wait; a TokenBook is
// for any thread.
// Invariants: a file that others may read or change is refused; how long a look takes does not tell how much of a
// token was right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/wire.h"
#include "gateway/clock/clock.h"

namespace titip::admin {

// Each may do what those before it may.
enum class Role : std::uint8_t { viewer, operator_, admin };
std::string_view name(Role role);
std::optional<Role> role_named(std::string_view text);
constexpr bool may(Role has, Role needs) {
  return has >= needs;
}
// A viewer looks; an operator stops, starts and sends again; an admin changes content, facilities and tokens, and
// takes copies.
Role least_role(Command command);

struct Token {
  std::string name;
  Role role = Role::viewer;
  std::string hash;  // SHA-256 of the secret, hexadecimal
  clock::WallTime made{};
  std::optional<clock::WallTime> ends{};
  bool operator==(const Token&) const = default;
};
inline constexpr std::size_t tokens_at_most = 200;

std::string new_token_secret();  // 256 bits at random
std::string token_hash(std::string_view secret);

std::filesystem::path token_file(const std::filesystem::path& data_directory);
// No file: no tokens. The error is a sentence.
std::expected<std::vector<Token>, words::Said> read_tokens(const std::filesystem::path& file);
// On stable storage when it returns without an error; a reader sees the old file or the new one.
std::expected<void, words::Said> write_tokens(const std::filesystem::path& file, const std::vector<Token>& tokens);

// What the listener compares with.
class TokenBook {
 public:
  void replace(std::vector<Token> tokens);
  bool empty() const;
  // Nothing: nobody's, or no longer valid. Every token is compared, whole.
  std::optional<Token> find(std::string_view secret, clock::WallTime now) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Token> tokens_;
};

}  // namespace titip::admin
