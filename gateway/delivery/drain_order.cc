#include "gateway/delivery/drain_order.h"

namespace titip::delivery {
namespace {

using Obeyed = std::expected<std::optional<Drain>, DrainRefused>;

Obeyed refuse(bool nothing_there, words::Said sentence) {
  return std::unexpected(DrainRefused{nothing_there, std::move(sentence)});
}

Obeyed start(const DrainOrder& order, const std::optional<Drain>& drain, std::uint64_t waiting, WallTime now) {
  if (drain && drain->state(now) != DrainState::done)
    return refuse(false, words::said("A drain is {} already; look at it with `titip drain status`, or cancel it first.",
                                     name(drain->state(now))));
  if (waiting == 0) return refuse(true, words::text("No record waits: there is nothing to drain."));
  return Drain(order.plan, waiting, now);
}

Obeyed pause(const DrainOrder& order, Drain drain, WallTime now) {
  if (drain.state(now) == DrainState::aborted)
    return refuse(false, words::said("It has stopped by itself: {}. Resume or cancel it.", drain.reason()));
  if (order.until && *order.until <= now)
    return refuse(false, words::text("That time is over; name one that is to come."));
  drain.pause(order.reason, order.until, now);
  return drain;
}

Obeyed resume(Drain drain, WallTime now) {
  if (drain.state(now) != DrainState::paused && drain.state(now) != DrainState::aborted)
    return refuse(false, words::said("It is not paused; it is {}.", name(drain.state(now))));
  if (!drain.resume(now))
    return refuse(false, words::text("It is in its daily pause, and goes on by itself afterwards."));
  return drain;
}

}  // namespace

Obeyed obey(const DrainOrder& order, std::optional<Drain> drain, std::uint64_t waiting, WallTime now) {
  if (order.what == DrainOrder::What::start) return start(order, drain, waiting, now);
  if (!drain) return refuse(true, words::text("There is no drain."));
  if (order.what == DrainOrder::What::cancel) return std::optional<Drain>();
  if (drain->state(now) == DrainState::done) return refuse(true, words::text("The drain is done."));
  return order.what == DrainOrder::What::pause ? pause(order, *std::move(drain), now) : resume(*std::move(drain), now);
}

}  // namespace titip::delivery
