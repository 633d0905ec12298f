// What the names in a store's directory say before anything is opened: RocksDB would take a directory without its file
// CURRENT for a new one, write a new database there, and delete the files of the old one at the start after that.
// Blocking, pure reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "storage/not_opened.h"

namespace titip::storage {

struct RocksSetup;  // rocks_kv_setup.h

enum class StoreFiles : std::uint8_t {
  none,      // nothing that was ever acknowledged: empty, or a first start that was cut short
  there,     // a database
  headless,  // what a database leaves, without the file that says where it begins
};

struct FilesFound {
  StoreFiles what = StoreFiles::none;
  std::string example;  // headless: a file that only a database leaves
};
FilesFound find_store_files(const std::filesystem::path& directory);
FilesFound find_store_files(const std::filesystem::path& directory, const RocksSetup& setup);

// The sentence for a headless one; none: it may be opened, or made.
std::optional<NotOpened> refuse_headless(const std::filesystem::path& directory, const FilesFound& found);

}  // namespace titip::storage
