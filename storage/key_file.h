// The key file: text, one value a line, so that a person can see what it is; FORMAT.md has an example. Read at start,
// written by upkeep (rotation, reindex); one process at a time writes it.
// Invariant: what read_key_file returns came from a file that only its owner may read, whole and undamaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sealing.h"

namespace titip::storage {

inline constexpr std::size_t most_wrapping_keys = 16;
inline constexpr std::size_t most_index_keys = 64;

struct WrappingKey {
  std::uint32_t id = 0;
  DataKey key;
};

struct KeyFile {
  // The current one first; the others only open what they once wrapped, and go when a rotation has finished.
  std::vector<WrappingKey> wrapping;
  // The chain a keyed hash goes through, oldest first (sealing.h). It only ever grows: what stands on disk went through
  // all of it.
  std::vector<DataKey> index;

  std::uint32_t current_id() const { return wrapping.front().id; }
  bool knows(std::uint32_t id) const;
};

// Errors are sentences that say what to do.
std::expected<KeyFile, std::string> read_key_file(const std::filesystem::path& path);
// Fresh random keys; never overwrites; the file and its directory entry are on stable storage when it returns.
std::expected<KeyFile, std::string> make_key_file(const std::filesystem::path& path);
// Takes the place of the file there, on stable storage when it returns; after a crash the one or the other is there,
// whole.
std::expected<void, std::string> replace_key_file(const std::filesystem::path& path, const KeyFile& file);

// Where none is yet: the key file of a store that is still being written.
std::expected<void, std::string> write_next_key_file(const std::filesystem::path& path, const KeyFile& file);

// `file` with a fresh wrapping key as the current one, or with one more index key. The new key's id is above all that
// the file has, and above `highest_used`: key_ids.h.
std::expected<KeyFile, std::string> with_new_wrapping_key(KeyFile file, std::uint32_t highest_used = 0);
std::expected<KeyFile, std::string> with_new_index_key(KeyFile file);
// `file` and the wrapping keys that only `older` has: what a backup of that time was sealed with. Refused unless the
// index keys of `older` are the first of those of `file`: then they do not belong together.
std::expected<KeyFile, std::string> with_keys_of(KeyFile file, const KeyFile& older);

}  // namespace titip::storage
