// What the callbacks' dispatcher has in hand. Private to delivery.
#pragma once

#include <chrono>
#include <string>

#include "gateway/delivery/callbacks.h"
#include "storage/payload.h"

namespace titip::delivery {

// A store that takes nothing now may do so in a moment.
inline constexpr auto callback_again_after = std::chrono::milliseconds(100);

// A look ends when everything it found is under way, or done with; only then is the lane looked at again, so that
// nothing is seen twice.
struct Callbacks::Look {
  std::string facility;
  CallbackHosts::Place place;
  bool place_is_used = false;
  bool wake = false;  // there may be more to do at once
  std::size_t steps = 1;
};

struct Callbacks::Work {
  storage::Submission record;
  storage::Payload payload;
  CallbackHosts::Place place;
  storage::WallTime opened_at{};
  clock::SteadyTime started{};
  std::uint64_t epoch = 0;
};

}  // namespace titip::delivery
