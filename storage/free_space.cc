#include "storage/free_space.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

namespace titip::storage {

std::optional<std::uint64_t> free_bytes(const std::filesystem::path& directory) {
  struct statvfs found{};
  if (::statvfs(directory.c_str(), &found) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t mib = 1U << 20U;
  if (bytes >= 1024 * mib) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * mib));
  if (bytes >= mib) return fmt::format("{} MiB", bytes / mib);
  return fmt::format("{} KiB", bytes / 1024);
}

}  // namespace titip::storage
