// The key-value door over ordered maps. Durable for as long as the process lives, which is what tests and the
// simulation need. Any thread; a snapshot holds commits back until it dies.
#pragma once

#include <map>
#include <shared_mutex>

#include "storage/kv.h"

namespace titip::storage {

class MemoryKv : public Kv {
 public:
  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override;
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override;
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override;
  KvResult<void> commit(const KvBatch& batch) override;
  std::unique_ptr<KvReader> snapshot() const override;
  KvResult<void> note(std::string_view bytes) override;
  KvResult<std::optional<std::string>> noted() const override;
  KvResult<void> reclaim() override { return {}; }
  KvResult<std::uint64_t> checkpoint(const std::filesystem::path& directory) const override;
  void close() override {}

 private:
  class View;
  using Map = std::map<std::string, std::string, std::less<>>;
  const Map& map(Family family) const { return maps_[static_cast<std::size_t>(family)]; }
  std::optional<std::string> find(Family family, std::string_view key) const;
  void walk(Family family, std::string_view prefix, std::string_view from, const Visitor& visit) const;

  mutable std::shared_mutex mutex_;
  std::array<Map, family_count> maps_;
  std::optional<std::string> note_;
};

}  // namespace titip::storage
