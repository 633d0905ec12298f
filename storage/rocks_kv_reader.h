// What is asked of RocksDB: the live database, or one moment of it. Included by rocks_kv*.cc alone.
// Threads: any; the database must outlive the reader.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/kv.h"

namespace titip::storage {

using RocksFamilies = std::array<rocksdb::ColumnFamilyHandle*, family_count>;

class RocksReader : public KvReader {
 public:
  // `snapshot` may be null: then the newest of all.
  RocksReader(rocksdb::DB& db, const RocksFamilies& families, const rocksdb::Snapshot* snapshot)
      : db_(db), families_(families) {
    options_.snapshot = snapshot;
  }
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override;
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override;
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override;

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return families_[static_cast<std::size_t>(family)]; }

  rocksdb::DB& db_;
  const RocksFamilies& families_;
  rocksdb::ReadOptions options_;
};

std::unique_ptr<KvReader> make_snapshot(rocksdb::DB& db, const RocksFamilies& families);

}  // namespace titip::storage
