// What is asked of the store without changing it. Each answer is of one moment: it is read from one snapshot.
// Blocking: may touch the disk; runs on the reader pool. Stateless, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/kv.h"
#include "storage/store.h"

namespace titip::storage::reads {

// What one next_due answers at most, whatever was asked: a bounded active set is all that memory ever holds.
inline constexpr std::size_t most_due_items = 1024;
inline constexpr std::size_t most_due_bytes = 32U << 20U;

// A damaged record is passed over, so that it does not keep its whole lane from moving, and counted in `damaged`. Its
// own key does not move.
Result<std::vector<DueBatch>> next_due(const KvReader& kv, const std::vector<DueQuery>& batch, std::size_t& damaged);

Result<std::vector<std::optional<Loaded>>> load(const KvReader& kv, const std::vector<LoadRequest>& batch);

Result<std::optional<Object>> object(const KvReader& kv, std::string_view kind, std::string_view name);
Result<std::vector<std::pair<std::string, Object>>> objects(const KvReader& kv, std::string_view kind,
                                                            std::string_view after, std::size_t limit);

}  // namespace titip::storage::reads
