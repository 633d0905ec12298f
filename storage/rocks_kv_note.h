// The note of Kv over RocksDB's FileSystem: the file NOTE beside the database, two slots of a disk page each, written
// in turn with a sequence and a checksum. Its space is allocated when it is made, so that a full disk cannot refuse it.
//
// One thread at a time. Invariants: a crash while a slot is written leaves the other; when write() returns, the note is
// on stable storage.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/kv.h"

namespace titip::storage {

class RocksNote {
 public:
  RocksNote(rocksdb::Env& env, const std::filesystem::path& directory);
  ~RocksNote();

  KvResult<void> write(std::string_view bytes);
  // None: there is no note, or its making was cut short. An error where a note stands that cannot be read.
  KvResult<std::optional<std::string>> read() const;

 private:
  KvResult<void> make();
  KvResult<void> open();
  KvResult<std::optional<std::string>> bytes_of_file() const;

  rocksdb::FileSystem& files_;
  const std::string directory_;
  const std::string path_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  std::uint64_t sequence_ = 0;  // of the last slot written
};

}  // namespace titip::storage
