// RocksDB's own test hooks. Debian's library has them, but the header that declares the class is not installed.
#pragma once

#include <cstdint>
#include <string>

namespace titip::crash {

// Says "hit NAME" on standard output and kills this process the nth time RocksDB passes this point.
void kill_at_sync_point(const std::string& name, std::uint64_t nth);

}  // namespace titip::crash
