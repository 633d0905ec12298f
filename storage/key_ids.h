// The ids of wrapping keys: which a store needs, and the highest that was ever given out. A key file alone does not
// know either: an older one that was put back has forgotten the keys since, and would give the id of a lost key to
// another.
//
// Threads: blocking, on a thread of their own, beside live traffic. Bounded memory: a page at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "storage/waiting_home.h"

namespace titip::storage {

struct KeyIdsInUse {
  std::uint32_t highest = 0;  // met in the store, or noted there by keep_highest_key_id
  std::uint64_t unknown = 0;  // records and sealed objects under a key that is not known
};
struct KeyIdsQuestion {
  std::size_t page = 500;
  std::function<bool(std::string_view bytes)> is_known;  // of a wrapped data key or a sealed object
  std::function<bool(std::uint64_t records)> told;       // after every page; false: stop, the answer is of no use
};
Result<KeyIdsInUse> key_ids_in_use(Store& store, WaitingHome& home, const KeyIdsQuestion& question);

// Before the key of this id is used.
Result<void> keep_highest_key_id(Store& store, WaitingHome& home, std::uint32_t id);

}  // namespace titip::storage
