// What the writer reads through: the rows of records that are being attempted, as the commit that opened the attempt
// left them, so that its settlement a moment later need not look for them in the engine; everything else from there.
//
// One thread (the writer). Invariant: a row that stands here is the row that stands in the engine, for every commit to
// an open store is the writer's and is told here. Small on purpose: two generations of rows, the older forgotten as a
// whole; what was forgotten is read from the engine.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/kv.h"

namespace titip::storage {

class RowCache final : public KvReader {
 public:
  explicit RowCache(const KvReader& engine, std::size_t most_rows = 512) : engine_(engine), most_(most_rows) {}
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;
  ~RowCache() override = default;

  KvResult<std::optional<std::string>> get(Family family, std::string_view key) const override;
  KvResult<std::vector<std::optional<std::string>>> multi_get(Family family,
                                                              std::span<const std::string> keys) const override;
  KvResult<void> scan(Family family, std::string_view prefix, std::string_view from,
                      const Visitor& visit) const override {
    return engine_.scan(family, prefix, from, visit);
  }

  // Right after the batch is in the engine, and before anything else is read.
  void committed(const KvBatch& batch);
  // Somebody met damage there: from now on the row is what the engine says.
  void forget(Family family, std::string_view key);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Row = std::optional<std::string>;  // none: known not to be there
  using Rows = std::unordered_map<std::string, Row, Hash, std::equal_to<>>;
  struct Generations {
    Rows young;
    Rows old;
  };

  static bool keeps(Family family);
  const Generations& of(Family family) const;
  const Row* find(Family family, std::string_view key) const;
  void keep(const KvWrite& write);

  const KvReader& engine_;
  const std::size_t most_;  // of a family and generation
  std::array<Generations, 3> rows_;
};

}  // namespace titip::storage
