// RocksDB's CRC-32C, by ours. Debian builds RocksDB for any x86-64 processor, so its own goes by tables: 3.4 % of all
// the processor time of an accept, in the log and in the blob files. A program's definition goes before a shared
// library's (ELF symbol interposition, the same way tcmalloc gets in), so RocksDB calls this one, which uses the
// processor's instruction. The function, and so every byte on disk, is the same; without this file RocksDB is slower,
// not different. Declared in no header of RocksDB's that is installed: util/crc32c.h of 7.8.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/crc32c.h"

namespace rocksdb::crc32c {

// The checksum of A and then `data`, where `before` is that of A.
std::uint32_t Extend(std::uint32_t before, const char* data, std::size_t size) {
  return titip::storage::crc32c(std::string_view(data, size), before);
}

}  // namespace rocksdb::crc32c
