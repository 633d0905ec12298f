#include "storage/rocks_kv_reader.h"

#include <algorithm>

#include "storage/rocks_kv_options.h"

namespace titip::storage {
namespace {

// The first key after all that begin with `prefix`; empty: there is none.
std::string after_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

class RocksView : public KvReader {
 public:
  RocksView(rocksdb::DB& db, const RocksFamilies& families)
      : db_(db), snapshot_(db.GetSnapshot()), reader_(db, families, snapshot_) {}
  RocksView(const RocksView&) = delete;
  RocksView& operator=(const RocksView&) = delete;
  ~RocksView() override { db_.ReleaseSnapshot(snapshot_); }
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    return reader_.get(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    return reader_.multi_get(family, keys);
  }
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    return reader_.scan(family, prefix, from, visit);
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
  RocksReader reader_;
};

}  // namespace

KvResult<std::optional<std::string>> RocksReader::get(Family family, std::string_view key) const {
  count_nothing();
  std::string value;
  const rocksdb::Status status = db_.Get(options_, handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(error_of(status));
  return value;
}

KvResult<std::vector<std::optional<std::string>>> RocksReader::multi_get(Family family,
                                                                         std::span<const std::string> keys) const {
  count_nothing();
  if (keys.empty()) return std::vector<std::optional<std::string>>{};
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const auto& key : keys) slices.push_back(slice(key));
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_.MultiGet(options_, handle(family), keys.size(), slices.data(), found.data(), statuses.data());
  std::vector<std::optional<std::string>> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return std::unexpected(error_of(statuses[i]));
    values[i] = found[i].ToString();
  }
  return values;
}

KvResult<void> RocksReader::scan(Family family, std::string_view prefix, std::string_view from,
                                 const Visitor& visit) const {
  count_nothing();
  // The bound keeps the iterator from walking over the tombstones of the next lane or key.
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice bound = slice(end);
  rocksdb::ReadOptions options = options_;
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> i(db_.NewIterator(options, handle(family)));
  for (i->Seek(slice(std::max(prefix, from))); i->Valid(); i->Next()) {
    if (!i->key().starts_with(slice(prefix))) break;
    if (!visit(i->key().ToStringView(), i->value().ToStringView())) break;
  }
  if (!i->status().ok()) return std::unexpected(error_of(i->status()));
  return {};
}

std::unique_ptr<KvReader> make_snapshot(rocksdb::DB& db, const RocksFamilies& families) {
  return std::make_unique<RocksView>(db, families);
}

}  // namespace titip::storage
