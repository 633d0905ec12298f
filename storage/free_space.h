// Free space of the file system a directory lives on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace titip::storage {

// What an ordinary user may still write. Any thread; nothing if the file system cannot say.
std::optional<std::uint64_t> free_bytes(const std::filesystem::path& directory);

// "1.5 GiB"
std::string size_text(std::uint64_t bytes);

}  // namespace titip::storage
