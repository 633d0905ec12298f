// RocksDB's CRC-32C, by ours. Debian builds RocksDB for any x86-64 processor, so its own goes by tables: 3.4 % of all
// the processor time of an accept, in the log and in the blob files. A program's definition goes before a shared
// library's (ELF symbol interposition, the same way tcmalloc gets in), so RocksDB calls this one, which uses the
// processor's instruction. The function, and so every byte on disk, is the same; without this file RocksDB is slower,
// not different.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/crc32c.h"

namespace titip::storage {

// rocksdb::crc32c::Extend of 7.8 (util/crc32c.h, which is not installed): the checksum of A and then `data`, where
// `before` is that of A.
std::uint32_t extend_for_rocksdb(std::uint32_t before, const char* data,
                                 std::size_t size) asm("_ZN7rocksdb6crc32c6ExtendEjPKcm");

std::uint32_t extend_for_rocksdb(std::uint32_t before, const char* data, std::size_t size) {
  return crc32c(std::string_view(data, size), before);
}

}  // namespace titip::storage
