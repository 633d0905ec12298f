// Calls that wait for the writer, and those among them that nobody waits for any more. Under the writer's mutex.
// Invariant: `items` and `bytes` are those of `calls`.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "storage/group.h"

namespace titip::storage {

std::size_t places(const Call& call);

struct CallQueue {
  std::deque<Call> calls;
  std::size_t items = 0;
  std::size_t bytes = 0;

  void push(Call call);
  Call pop();
  // Moves those that are late to `late`, wherever they stand.
  void take_late(SteadyTime now, std::vector<Call>& late);
};

// As above, of calls that were taken out already.
std::vector<Call> take_late(std::vector<Call>& calls, SteadyTime now);

}  // namespace titip::storage
