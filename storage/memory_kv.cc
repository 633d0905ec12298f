#include "storage/memory_kv.h"

#include <algorithm>
#include <mutex>

#include "metrics/words/said.h"

namespace titip::storage {

class MemoryKv::View : public KvReader {
 public:
  explicit View(const MemoryKv& kv) : kv_(kv), lock_(kv.mutex_) {}
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    return kv_.find(family, key);
  }
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const auto& key : keys) values.push_back(kv_.find(family, key));
    return values;
  }
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    kv_.walk(family, prefix, from, visit);
    return {};
  }

 private:
  const MemoryKv& kv_;
  std::shared_lock<std::shared_mutex> lock_;
};

std::optional<std::string> MemoryKv::find(Family family, std::string_view key) const {
  const auto found = map(family).find(key);
  if (found == map(family).end()) return std::nullopt;
  return found->second;
}

void MemoryKv::walk(Family family, std::string_view prefix, std::string_view from, const Visitor& visit) const {
  for (auto i = map(family).lower_bound(std::max(prefix, from)); i != map(family).end(); ++i) {
    if (!i->first.starts_with(prefix) || !visit(i->first, i->second)) return;
  }
}

KvResult<std::optional<std::string>> MemoryKv::get(Family family, std::string_view key) const {
  return View(*this).get(family, key);
}

KvResult<std::vector<std::optional<std::string>>> MemoryKv::multi_get(Family family,
                                                                      std::span<const std::string> keys) const {
  return View(*this).multi_get(family, keys);
}

KvResult<void> MemoryKv::scan(Family family, std::string_view prefix, std::string_view from,
                              const Visitor& visit) const {
  return View(*this).scan(family, prefix, from, visit);
}

KvResult<void> MemoryKv::commit(const KvBatch& batch) {
  const std::unique_lock lock(mutex_);
  for (const KvWrite& write : batch) {
    Map& map = maps_[static_cast<std::size_t>(write.family)];
    if (write.value) {
      map.insert_or_assign(write.key, *write.value);
    } else {
      map.erase(write.key);
    }
  }
  return {};
}

KvResult<void> MemoryKv::note(std::string_view bytes) {
  const std::unique_lock lock(mutex_);
  note_ = std::string(bytes);
  return {};
}

KvResult<std::optional<std::string>> MemoryKv::noted() const {
  const std::shared_lock lock(mutex_);
  return note_;
}

KvResult<std::uint64_t> MemoryKv::checkpoint(const std::filesystem::path&) const {
  return std::unexpected(KvError{KvError::Kind::failed, words::tell("a store in memory has no files to copy")});
}

std::unique_ptr<KvReader> MemoryKv::snapshot() const {
  return std::make_unique<View>(*this);
}

}  // namespace titip::storage
