#include "storage/call_queue.h"

#include <algorithm>
#include <utility>

namespace titip::storage {
namespace {

// The order of those that stay is kept.
template <class Calls>
void move_late(Calls& calls, SteadyTime now, std::vector<Call>& late) {
  auto stays = calls.begin();
  for (auto each = calls.begin(); each != calls.end(); ++each) {
    if (each->is_late(now)) {
      late.push_back(std::move(*each));
    } else {
      if (stays != each) *stays = std::move(*each);
      ++stays;
    }
  }
  calls.erase(stays, calls.end());
}

}  // namespace

// An empty call still takes a place.
std::size_t places(const Call& call) {
  return std::max<std::size_t>(call.items, 1);
}

void CallQueue::push(Call call) {
  items += places(call);
  bytes += call.bytes;
  calls.push_back(std::move(call));
}

Call CallQueue::pop() {
  Call call = std::move(calls.front());
  calls.pop_front();
  items -= places(call);
  bytes -= call.bytes;
  return call;
}

void CallQueue::take_late(SteadyTime now, std::vector<Call>& late) {
  const std::size_t before = late.size();
  move_late(calls, now, late);
  for (std::size_t i = before; i < late.size(); ++i) {
    items -= places(late[i]);
    bytes -= late[i].bytes;
  }
}

std::vector<Call> take_late(std::vector<Call>& calls, SteadyTime now) {
  std::vector<Call> late;
  move_late(calls, now, late);
  return late;
}

}  // namespace titip::storage
