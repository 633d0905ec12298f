// Secrets come from files that only their owner may read, systemd's credentials among them (storage/secret_file.h): a
// command line can be read by every user of the machine.
// Private to the root. Errors are sentences that say what to do and hold nothing of what stands in the file.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>

namespace titip::gateway {

// All of it. A file that group or others may read or write, that is no regular file or larger than `largest` is
// refused.
std::expected<std::string, std::string> read_private_file(const std::filesystem::path& path, std::size_t largest);
// The same of what everybody may read: certificates.
std::expected<std::string, std::string> read_public_file(const std::filesystem::path& path, std::size_t largest);
// Without line ends behind it; refused when nothing is left.
std::expected<std::string, std::string> read_secret(const std::filesystem::path& path);

}  // namespace titip::gateway
