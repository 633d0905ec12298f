#include <fmt/format.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include "metrics/words/said.h"
#include "storage/disk_files.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_note.h"
#include "storage/rocks_kv_options.h"

namespace titip::storage {

std::expected<std::string, std::string> rot_in_copy(const std::filesystem::path& directory, const RocksSetup& setup) {
  const auto names = DiskFiles(setup).names(directory);
  if (!names) return std::unexpected(names.error());
  rocksdb::Options options;
  options.env = &env_of(setup);
  rocksdb::ReadOptions whole;
  whole.readahead_size = 1 * mib;
  for (const std::string& name : *names) {
    if (!name.ends_with(".sst")) continue;
    rocksdb::SstFileReader table(options);
    auto status = table.Open((directory / name).string());
    if (status.ok()) status = table.VerifyChecksum(whole);
    if (status.IsCorruption()) return fmt::format("{}: {}", name, status.ToString());
    if (!status.ok())
      return std::unexpected(words::tell("cannot read {}: {}", (directory / name).string(), status.ToString()));
  }
  const auto copy = open_rocks_copy(directory, setup);
  if (!copy) return std::unexpected(copy.error());
  // The large values lie in files of their own, each with its checksum.
  for (const Family family : {Family::payload, Family::reply}) {
    const auto scanned = (*copy)->scan(family, {}, {}, [](std::string_view, std::string_view) { return true; });
    if (scanned) continue;
    if (scanned.error().kind == KvError::Kind::corrupt) return scanned.error().text;
    return std::unexpected(words::tell("cannot read {}: {}", directory.string(), scanned.error().text));
  }
  return std::string();
}

KvResult<std::optional<std::string>> note_beside(const std::filesystem::path& directory, const RocksSetup& setup) {
  return RocksNote(env_of(setup), directory).read();
}

}  // namespace titip::storage
