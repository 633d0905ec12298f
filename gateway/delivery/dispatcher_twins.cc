// The dispatcher and things that look alike: two equal drugs of one visit stand in the visit's list as equal entries,
// and nothing tells them apart but their numbers. An entry whose number is another record's is not this one's; of those
// that are nobody's any will do, as long as no two take the same.
#include <algorithm>
#include <utility>

#include "gateway/delivery/work.h"

namespace titip::delivery {

// Nothing: the list holds nothing like this one but itself, or it has no number there.
const profile::Yield* Dispatcher::number_that_tells_apart(const profile::Route& route) {
  if (!route.probe || !route.probe->among_others) return nullptr;
  const auto found = std::ranges::find_if(route.yields, [](const auto& yield) { return !yield.in_entry.empty(); });
  return found == route.yields.end() ? nullptr : &*found;
}

void Dispatcher::tell_apart(const WorkPtr& work, Answered answered) {
  const auto* yield = number_that_tells_apart(*work->route);
  const Request request(doors_.profile, *work);
  if (yield == nullptr || !request.chain) return judge(work, answered);
  auto numbers = answered.read.numbers_of_equals(doors_.profile, *work->route->probe, request.view(), *yield);
  const auto& scope = request.chain->yields[static_cast<std::size_t>(yield - work->route->yields.data())].scope;
  std::vector<storage::Digest> keys;
  for (const auto& number : numbers) keys.push_back(number_key(*work, yield->reference, scope, number));
  if (keys.empty()) return judge(work, answered);
  auto asked_for = keys;
  doors_.store.references(std::move(asked_for), doors_.home,
                          [this, work, answered = std::move(answered), numbers = std::move(numbers),
                           keys = std::move(keys)](const auto& known) {
                            if (!known) {
                              return known.error() == storage::Error::corrupt ? leave_alone(work, true)
                                                                              : release_for_later(work);
                            }
                            told_apart(work, numbers, keys, *known);
                            judge(work, answered);
                          });
}

void Dispatcher::told_apart(const WorkPtr& work, const std::vector<std::string>& numbers,
                            const std::vector<storage::Digest>& keys,
                            const std::vector<std::optional<storage::Reference>>& known) {
  work->others.yield = number_that_tells_apart(*work->route);
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const auto claim = claims_.find(keys[at]);
    const bool is_claimed = claim != claims_.end() && claim->second != work->record.id;
    const bool is_given = known[at] && known[at]->origin != work->record.id;
    if (is_claimed || is_given) {
      work->others.numbers.insert(numbers[at]);
    } else if (!work->claimed) {
      work->claimed = keys[at];
      claims_.insert_or_assign(keys[at], work->record.id);
    }
  }
}

// The store has it, or it was given nothing.
void Dispatcher::give_back_claim(const WorkPtr& work) {
  if (work->claimed) claims_.erase(*work->claimed);
  work->claimed.reset();
}

}  // namespace titip::delivery
