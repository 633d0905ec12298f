// A person's records as the drivers of export and erasure walk them. Private to persons*.cc. Blocking.
#pragma once

#include <expected>
#include <functional>
#include <vector>

#include "metrics/words/said.h"
#include "storage/persons.h"

namespace titip::storage::persons {

// A sentence that says what to do.
std::unexpected<words::Said> failed(const Store& store, words::Text doing, Error error);

// Every sound record, a page at a time, oldest first. `take` says whether to go on.
std::expected<void, words::Said> each_page(
    Store& store, WaitingHome& home, const Digest& person,
    const std::function<std::expected<bool, words::Said>(const std::vector<Submission>&)>& take);

// The others. When they were accepted is known by their ids alone: those made until then.
std::expected<void, words::Said> damaged_of(Store& store, WaitingHome& home, const Digest& person, WallTime until,
                                            LeftOut& damaged);

}  // namespace titip::storage::persons
