// What a store takes of its disk, by kind of file. Walks the directory (a few hundred names), so it is asked now and
// then by a thread that may wait, never by who serves. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace titip::storage {

enum class DiskUse : std::uint8_t { tables, blobs, logs, ballast, other };
inline constexpr std::array disk_use_names{"tables", "blobs", "logs", "ballast", "other"};
using DiskUses = std::array<std::uint64_t, disk_use_names.size()>;  // bytes; index: DiskUse

DiskUse kind_of_file(std::string_view name);
// A file that goes meanwhile is not counted.
DiskUses measure_disk_use(const std::filesystem::path& directory);

}  // namespace titip::storage
