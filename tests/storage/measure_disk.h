// What a store weighs on disk, family by family. For measuring by hand; no store may be open over the directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace titip::storage {

// Compacts everything first, so that nothing but the live data is counted. Prints one line a family and the sum beside
// the payloads: bytes for each of `records`.
bool print_bytes_on_disk(const std::filesystem::path& directory, const std::string& title, std::uint64_t records);

}  // namespace titip::storage
