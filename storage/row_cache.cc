#include "storage/row_cache.h"

#include <algorithm>
#include <array>
#include <utility>

namespace titip::storage {
namespace {

constexpr std::array families{Family::meta, Family::head, Family::open};

std::size_t place_of(Family family) {
  return static_cast<std::size_t>(std::ranges::find(families, family) - families.begin());
}

}  // namespace

bool RowCache::keeps(Family family) {
  return place_of(family) < families.size();
}

const RowCache::Generations& RowCache::of(Family family) const {
  return rows_[place_of(family)];
}

const RowCache::Row* RowCache::find(Family family, std::string_view key) const {
  if (!keeps(family)) return nullptr;
  const Generations& rows = of(family);
  if (rows.young.empty() && rows.old.empty()) return nullptr;
  if (const auto young = rows.young.find(key); young != rows.young.end()) return &young->second;
  if (const auto old = rows.old.find(key); old != rows.old.end()) return &old->second;
  return nullptr;
}

KvResult<std::optional<std::string>> RowCache::get(Family family, std::string_view key) const {
  if (const Row* row = find(family, key)) return *row;
  return engine_.get(family, key);
}

KvResult<std::vector<std::optional<std::string>>> RowCache::multi_get(Family family,
                                                                      std::span<const std::string> keys) const {
  const auto is_known = [&](const std::string& key) { return find(family, key) != nullptr; };
  if (std::ranges::none_of(keys, is_known)) return engine_.multi_get(family, keys);
  std::vector<std::optional<std::string>> found(keys.size());
  std::vector<std::string> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (const Row* row = find(family, keys[i])) {
      found[i] = *row;
    } else {
      asked.push_back(keys[i]);
      places.push_back(i);
    }
  }
  if (asked.empty()) return found;
  auto read = engine_.multi_get(family, asked);
  if (!read) return read;
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move((*read)[i]);
  return found;
}

// Of a commit that opens no attempt nothing is kept; what stands here already follows every commit.
void RowCache::committed(const KvBatch& batch) {
  const bool opens = std::ranges::any_of(
      batch, [](const KvWrite& write) { return write.family == Family::open && write.value.has_value(); });
  for (const KvWrite& write : batch) {
    if (keeps(write.family) && (opens || find(write.family, write.key) != nullptr)) keep(write);
  }
}

void RowCache::forget(Family family, std::string_view key) {
  if (!keeps(family)) return;
  Generations& rows = rows_[place_of(family)];
  for (Rows* each : {&rows.young, &rows.old}) {
    if (const auto row = each->find(key); row != each->end()) each->erase(row);
  }
}

void RowCache::keep(const KvWrite& write) {
  Generations& rows = rows_[place_of(write.family)];
  if (rows.young.size() >= most_ && !rows.young.contains(write.key)) {
    rows.old = std::exchange(rows.young, {});
  }
  rows.young.insert_or_assign(write.key, write.value);
}

}  // namespace titip::storage
