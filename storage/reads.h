// What is asked of the store without changing it. Each answer is of one moment: it is read from one snapshot.
// Blocking: may touch the disk; runs on the reader pool. Any thread.
//
// Damaged values are never served. A list passes over them, so that one of them does not hide the others; a question
// for one record, or for what a key stands for, is answered `corrupt`. Either way the Reading notes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/kv.h"
#include "storage/live_parts.h"
#include "storage/reading.h"
#include "storage/store.h"

namespace titip::storage::reads {

// What one answer holds at most, whatever was asked: a bounded active set is all that memory ever holds.
inline constexpr std::size_t most_due_items = 1024;
inline constexpr std::size_t most_due_bytes = 32U << 20U;
inline constexpr std::size_t most_listed = 1'000;
inline constexpr std::size_t most_examined = 100'000;
inline constexpr std::size_t most_asked = 10'000;        // ids or keys of one call: more are refused as `overloaded`
inline constexpr std::size_t most_count_rows = 500'000;  // more are refused as `overloaded`: ask by facility

// Takes its snapshot itself, for the looks at the live parts begin before it.
Result<std::vector<DueBatch>> next_due(const Kv& kv, LiveParts& live, const std::vector<DueQuery>& batch,
                                       std::vector<Damage>& damage);

Result<std::vector<std::optional<Loaded>>> load(Reading& reading, const std::vector<LoadRequest>& batch);

Result<std::vector<Submission>> find(Reading& reading, const Find& what);
Result<ScanPage> scan(Reading& reading, const ScanQuery& query);

Result<std::vector<std::optional<Reference>>> references(Reading& reading, const std::vector<Digest>& keys);
Result<std::vector<Waiting>> waiting(Reading& reading, const std::vector<SubmissionId>& ids);
Result<std::vector<CountRow>> count(Reading& reading, const CountQuery& query);

Result<std::optional<Object>> object(Reading& reading, std::string_view kind, std::string_view name);
Result<std::vector<std::pair<std::string, Object>>> objects(Reading& reading, std::string_view kind,
                                                            std::string_view after, std::size_t limit);

// Each line is checked against the one before it: `corrupt` where the chain is broken.
Result<std::vector<AuditLine>> audit(Reading& reading, std::uint64_t from_number, std::size_t limit);

}  // namespace titip::storage::reads
