// The dispatcher and a DELETE by a number of the server's own that nobody here knows. It may be the number of a record
// of ours whose reply was lost, which its clinic found in a list. Sent before that one is settled it would take away
// what the record's probe then misses, and the record would be sent again: what was deleted would come back. So it
// waits until nothing of that kind, of this facility and accepted before it, is in doubt.
#include <algorithm>
#include <utility>

#include "gateway/delivery/work.h"

namespace titip::delivery {
namespace {

constexpr auto look_again_after = std::chrono::seconds(2);
constexpr std::size_t most_looked_at = 256;  // with more in doubt it waits

// Where it stands in the line of what it takes back, the line keeps the order.
bool is_ordered_by_it(const profile::Route& route) {
  return route.takes_back && !route.takes_back->reference.empty() && route.ordering_from == route.takes_back->reference;
}

bool is_in_doubt(const storage::Submission& other, const storage::Submission& taking, const profile::Profile& profile,
                 std::string_view number) {
  if (other.facility != taking.facility || other.position >= taking.position) return false;
  const bool may_be_there = other.state == storage::State::unknown || other.state == storage::State::in_flight;
  const auto* route = may_be_there ? profile::find_route(profile, other.route) : nullptr;
  return route != nullptr &&
         std::ranges::find(route->yields, number, &profile::Yield::reference) != route->yields.end();
}

}  // namespace

// Whether it takes back what stands for nothing that is known here.
bool Dispatcher::may_mean_one_in_doubt(const Work& work) {
  return is_ordered_by_it(*work.route) && work.unknown_numbers.contains(work.route->takes_back->reference);
}

void Dispatcher::wait_for_those_in_doubt(const WorkPtr& work) {
  const std::string_view number = work->route->takes_back->reference;
  const auto is_one = [this, work, number](const storage::Submission& other) {
    return is_in_doubt(other, work->record, doors_.profile, number);
  };
  if (std::ranges::any_of(active_, [&](const auto& each) { return is_one(each.second->record); })) return put_off(work);
  storage::DueQuery query;
  query.lane = work->lane;
  query.due_class = storage::DueClass::probe;
  query.now = storage::WallTime::max();
  query.limit = most_looked_at;
  doors_.store.next_due({std::move(query)}, doors_.home, [this, work, is_one](const auto& batches) {
    if (!batches) return batches.error() == storage::Error::corrupt ? leave_alone(work, true) : release_for_later(work);
    const auto& found = batches->front();
    const bool too_many = found.more || found.items.size() >= most_looked_at;
    if (too_many || std::ranges::any_of(found.items, [&](const auto& due) { return is_one(due.submission); }))
      return put_off(work);
    work->may_be_in_doubt = false;
    open(work);
  });
}

// As it stands, for a moment: nothing was tried, so nothing is written.
void Dispatcher::put_off(const WorkPtr& work) {
  left_alone_.emplace(work->record.id, true);
  pass_over(work);
  release(work, true);
  doors_.timers.after(look_again_after, [this, work] {
    if (!stopping_) release(work, true);
  });
}

}  // namespace titip::delivery
