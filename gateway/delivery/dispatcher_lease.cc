// How the dispatcher comes by work: the lease it works under, and the lanes that were waiting before.
#include "gateway/delivery/dispatcher.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;

constexpr auto learn_again_after = std::chrono::milliseconds(1'000);

}  // namespace

// Work is owned under a lease; everything starts with it.
void Dispatcher::claim() {
  doors_.store.claim(storage::all_shards(), doors_.home, [this](storage::Result<storage::Lease> lease) {
    if (stopping_) return;
    if (!lease) {
      doors_.timers.after(learn_again_after, [this] { claim(); });
      return;
    }
    lease_ = *lease;
    learn_lanes();
  });
}

// The store has fenced us off: whoever holds the shards now decides what came of what we sent.
void Dispatcher::lost_lease() {
  if (!lease_) return;  // being claimed already
  metrics::log(Level::error, "lease_lost", {{Field::destination, options_.destination}});
  lease_.reset();
  give_places();  // who stands in line for one goes back, marked under a lease that is gone
  doors_.timers.after(learn_again_after, [this] { claim(); });
}

// What was waiting before this process started.
void Dispatcher::learn_lanes() {
  doors_.store.lanes(options_.destination, doors_.home, [this](storage::Result<std::vector<storage::Lane>> lanes) {
    if (stopping_) return;
    if (!lanes) {
      doors_.timers.after(learn_again_after, [this] { learn_lanes(); });
      return;
    }
    for (const auto& lane : *lanes) lanes_.wake(lane);
    pump();
  });
}

}  // namespace titip::delivery
