// The shape of the queue, after Postfix's qshape: how many records that are not settled wait, by destination and age.
// From the counts alone, so it costs the same at ten records and at ten million. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "storage/queries.h"

namespace titip::admin {

// Younger than so many minutes; what is older than the last is in one more.
inline constexpr std::array<std::int64_t, 9> shape_minutes{5, 10, 20, 40, 80, 160, 320, 640, 1280};

struct ShapeRow {
  std::string destination;
  std::uint64_t waiting = 0;
  std::array<std::uint64_t, shape_minutes.size() + 1> by_age{};
};
// By destination; those of which nothing waits too.
std::vector<ShapeRow> queue_shape(const storage::Counts& counts, storage::WallTime now);
nlohmann::ordered_json shape_json(const std::vector<ShapeRow>& rows);

}  // namespace titip::admin
