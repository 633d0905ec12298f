// A look at a database before it is opened for good. Opening replays the log and may then flush and delete it; so
// whether the store is to be believed (evidence.h) is found out first, and a store that is refused is left as it was,
// byte for byte. Included by rocks_kv*.cc alone. Blocking; nothing in the directory is changed.
//
// What it costs: the log is read and checksummed once more (some 200 MiB/s and up), and not replayed.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "storage/not_opened.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {

// Looking must leave no LOG behind.
std::shared_ptr<rocksdb::Logger> silent_log();

NotOpened cannot_open(const std::filesystem::path& directory, const rocksdb::Status& status);

// A format that is not ours, older or newer: RocksDB would answer with a riddle, or add to it what makes it unreadable
// for the Titip that wrote it.
std::optional<std::string> refuse_other_formats(const rocksdb::DBOptions& options, const std::string& directory);

// Whether a database that is there has all its files and is believed.
std::expected<void, NotOpened> look_before_opening(const std::filesystem::path& directory, const RocksSetup& setup);

}  // namespace titip::storage
