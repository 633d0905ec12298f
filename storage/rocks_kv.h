// The key-value door over RocksDB; rocks_kv.cc is the only file of Titip that knows RocksDB.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "storage/kv.h"

namespace titip::storage {

// Opens or creates the database in `directory`. Blocking. The error is a sentence that says what to do.
std::expected<std::unique_ptr<Kv>, std::string> open_rocks_kv(const std::filesystem::path& directory);

}  // namespace titip::storage
