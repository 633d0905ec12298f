// What a facility asks of its own records, read from the query of a request. Pure.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "storage/queries.h"

namespace titip::reads {

struct OwnQuery {
  storage::Filter filter;  // facility and destinations come from whoever asks
  std::optional<std::string> route;
  std::optional<std::string> receipt;
  std::size_t limit = 50;
  std::string cursor;
  std::string what;  // all that a cursor is bound to: everything but how many and from where
};

inline constexpr std::size_t most_listed_of_ones_own = 200;

struct QueryFault {
  std::string parameter;
  words::Said sentence;
};

// The parameters state (more than one, by commas or repeated), destination, route, receipt, from, to (days at that
// offset, both included), needs_attention, limit, cursor; of the list of what needs attention, destination, limit and
// cursor alone. What is not among them is a fault. `format` is somebody else's and passed over.
enum class OwnList { submissions, attention };
std::expected<OwnQuery, QueryFault> read_own_query(std::string_view query, OwnList list,
                                                   std::chrono::minutes utc_offset);

// The first value of that name; nothing if there is none, or its escapes are none.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace titip::reads
