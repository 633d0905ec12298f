#include "tests/storage/measure_disk.h"

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/options_util.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace titip::storage {

bool print_bytes_on_disk(const std::filesystem::path& directory, const std::string& title, std::uint64_t records) {
  rocksdb::DBOptions options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  const rocksdb::ConfigOptions config;
  if (!rocksdb::LoadLatestOptions(config, directory.string(), &options, &families).ok()) return false;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(options, directory.string(), families, &handles, &opened);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return false;
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  double sum = 0, blobs = 0;
  std::string line;
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    if (!db->Flush(rocksdb::FlushOptions(), handle).ok() || !db->CompactRange(all, handle, nullptr, nullptr).ok()) {
      return false;
    }
    rocksdb::ColumnFamilyMetaData data;
    db->GetColumnFamilyMetaData(handle, &data);
    const auto each = [&](std::uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(records); };
    sum += each(data.size);
    blobs += each(data.blob_file_size);
    char text[80];
    std::snprintf(text, sizeof text, " %s=%.1f", handle->GetName().c_str(), each(data.size));
    if (data.size > 0) line += text;
  }
  std::printf("%s: bytes_per_record=%.1f blob_bytes_per_record=%.1f by family:%s\n", title.c_str(), sum, blobs,
              line.c_str());
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  return true;
}

}  // namespace titip::storage
