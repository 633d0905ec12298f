#include "gateway/admin/queue_shape.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace titip::admin {

std::vector<ShapeRow> queue_shape(const storage::Counts& counts, storage::WallTime now) {
  const auto this_minute = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
  std::vector<ShapeRow> rows;
  for (const auto& [name, each] : counts.destinations) {
    auto& row = rows.emplace_back(ShapeRow{name, 0, {}});
    for (const auto& [minute, pending] : each.pending_by_minute) {
      const auto* bound = std::ranges::upper_bound(shape_minutes, this_minute - minute);
      row.by_age[static_cast<std::size_t>(bound - shape_minutes.begin())] += pending;
      row.waiting += pending;
    }
  }
  return rows;
}

nlohmann::ordered_json shape_json(const std::vector<ShapeRow>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows)
    list.push_back({{"destination", row.destination}, {"waiting", row.waiting}, {"by_age", row.by_age}});
  return {{"younger_than_minutes", shape_minutes}, {"destinations", std::move(list)}};
}

}  // namespace titip::admin
