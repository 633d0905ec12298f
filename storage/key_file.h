// The key file: text, one value a line, so that a person can see what it is; FORMAT.md has an example. Start-up only.
// Invariant: what read_key_file returns came from a file that only its owner may read, whole and undamaged.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "storage/sealing.h"

namespace titip::storage {

struct KeyFile {
  std::uint32_t key_id = 0;
  DataKey wrapping;  // changes when keys are rotated
  DataKey index;     // never changes: keyed hashes on disk depend on it
};

// Errors are sentences that say what to do.
std::expected<KeyFile, std::string> read_key_file(const std::filesystem::path& path);
// Fresh random keys; never overwrites; the file and its directory entry are on stable storage when it returns.
std::expected<KeyFile, std::string> make_key_file(const std::filesystem::path& path);

}  // namespace titip::storage
