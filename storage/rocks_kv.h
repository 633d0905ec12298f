// The key-value door over RocksDB; rocks_kv*.{h,cc} are the only files of Titip that know RocksDB.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "storage/kv.h"
#include "storage/not_opened.h"

namespace titip::storage {

struct RocksSetup;  // rocks_kv_setup.h

// Whether a store that is there is only opened if it is believed (evidence.h), which is looked at before anything in
// its directory is changed; or opened by somebody who has to take it as it is.
enum class Evidence : std::uint8_t { not_asked, must_hold };

// Opens or creates the database in `directory`. Blocking. Its log is only flushed at close(): a database that is given
// up keeps it.
std::expected<std::unique_ptr<Kv>, NotOpened> open_rocks_kv(const std::filesystem::path& directory);
std::expected<std::unique_ptr<Kv>, NotOpened> open_rocks_kv(const std::filesystem::path& directory,
                                                            const RocksSetup& setup,
                                                            Evidence evidence = Evidence::not_asked);

// Only to look, at a copy nobody writes to: nothing in the directory is changed.
std::expected<std::unique_ptr<KvReader>, std::string> open_rocks_copy(const std::filesystem::path& directory,
                                                                      const RocksSetup& setup);

// Reads every table and every large value of such a copy: what RocksDB's own checksums refuse first, as words. Empty:
// it is sound. Blocking and long.
std::expected<std::string, std::string> rot_in_copy(const std::filesystem::path& directory, const RocksSetup& setup);

// The note beside a database that nobody has open.
KvResult<std::optional<std::string>> note_beside(const std::filesystem::path& directory, const RocksSetup& setup);

}  // namespace titip::storage
