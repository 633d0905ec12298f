// An Env over a file system of ours whose sleeps are short: RocksDB waits a whole second before it repeats background
// work that failed.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>

namespace titip::crash {

std::shared_ptr<rocksdb::Env> quick_env(const std::shared_ptr<rocksdb::FileSystem>& files);

}  // namespace titip::crash
