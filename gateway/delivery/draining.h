// A drain at work in the dispatcher: what is of its backlog, how many of that may go now, what came of them, when it is
// to be written down and when somebody must look whether anything is left. Pure: time and what happened in; one owner.
// Invariant: what of the backlog has been let go and not come back is counted in `in_flight`, over a change of drains.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/delivery/drain.h"
#include "storage/queries.h"
#include "upstream/rules/token_bucket.h"

namespace titip::delivery {

class Draining {
 public:
  struct Now {
    WallTime wall{};
    rules::SteadyTime steady{};
  };
  static constexpr auto note_every = std::chrono::seconds(3);

  // A drain begins, goes on after a restart, was changed by a person, or was taken away (nothing).
  void stand(std::optional<Drain> drain, Now now);
  const std::optional<Drain>& drain() const { return drain_; }

  // It governs the backlog; one that is done does not.
  bool active(WallTime now) const { return drain_ && drain_->state(now) != DrainState::done; }
  std::optional<WallTime> began(WallTime now) const {
    return active(now) ? std::optional(drain_->started_at()) : std::nullopt;
  }
  bool governs(WallTime accepted_at, WallTime now) const { return active(now) && accepted_at < drain_->started_at(); }
  // How many of `places` the backlog may have now; all of them without a drain.
  std::size_t within(std::size_t places, Now now) const;
  // What was let go and is not sent yet may still go.
  bool may_go_on(WallTime now) const;
  void took(rules::SteadyTime now);
  void gave_back() { --in_flight_; }

  // A record of the backlog went from one state to another: `before` as it was taken in hand.
  void changed(const storage::Submission& before, storage::State to, WallTime now);

  // After this long something may be let go, written or looked for; nothing: only news can change it.
  std::optional<std::chrono::milliseconds> wakes_in(Now now) const;
  bool wants_writing(Now now) const;
  void written(Now now);
  // Whether anything is left is asked now and then, while it may send.
  bool wants_looking(Now now) const;
  void looked(Now now) { looked_at_ = now.steady; }
  void nothing_left(WallTime now) { drain_->nothing_left(now); }

 private:
  bool may_send(WallTime now) const;

  std::optional<Drain> drain_;
  std::optional<rules::TokenBucket> pace_;
  std::uint64_t in_flight_ = 0;
  std::optional<DrainState> written_state_;
  std::uint64_t written_settled_ = 0;
  rules::SteadyTime written_at_{};
  rules::SteadyTime looked_at_{};
};

// Where records that wait, accepted before `before`, may be: spans of acceptance, oldest first, so far apart that no
// record is looked at for two of them. Nothing: some do wait, for more are pending than can be held or blocked.
struct SearchSpan {
  WallTime from{};
  WallTime before{};
  bool operator==(const SearchSpan&) const = default;
};
std::optional<std::vector<SearchSpan>> spans_to_search(const storage::DestinationCounts& counts, WallTime before);
// Those a drain can move: all that is pending but what is held.
std::uint64_t waiting_in(const storage::DestinationCounts& counts);

}  // namespace titip::delivery
