// Small files beside the key file, each replaced as a whole: the key file itself, the list of erased persons, the
// journal of a reindex. Blocking; nobody else may write the same file meanwhile. Invariants: after a crash the old file
// is there or the new one, never less (written aside, fsynced, renamed, directory fsynced); only its owner may read it.
// Errors are sentences that say what to do.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "metrics/words/said.h"

namespace titip::storage {

// Text that held keys is wiped, wherever the function ends.
struct SecretText {
  std::string text;
  SecretText() = default;
  SecretText(SecretText&& other) noexcept { text.swap(other.text); }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  SecretText& operator=(SecretText&&) = delete;
  ~SecretText();
};

// Whether nobody but its owner may read or write the open file. One of systemd's credentials counts as that: it lies
// below $CREDENTIALS_DIRECTORY, whatever link led there, is root's or this process's own, and its group bits are the
// mask of the access list by which it is read; others may not read it, and nobody but its owner may write it.
bool is_owners_alone(int file);

// A file that group or others may read or write (as above), that is no regular file or larger than `largest` is
// refused. `what` is how the sentence calls it: "the key file".
std::expected<SecretText, std::string> read_secret_file(const std::filesystem::path& path, words::Text what,
                                                        std::size_t largest);
enum class Existing { refuse, replace };
// Keeps owner and group of the file it replaces, so that root may do it for the user Titip runs as.
std::expected<void, std::string> write_secret_file(const std::filesystem::path& path, words::Text what,
                                                   std::string_view bytes, Existing existing);
// Appends and fsyncs; makes the file (mode 0600) if there is none.
std::expected<void, std::string> append_secret_file(const std::filesystem::path& path, words::Text what,
                                                    std::string_view bytes);

bool write_all(int file, std::string_view bytes);
bool sync_directory(const std::filesystem::path& directory);
// `from` takes the place of `to`, on stable storage when this returns. A file or a directory; both lie side by side.
std::expected<void, std::string> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace titip::storage
