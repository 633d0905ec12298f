// A drain: bringing a backlog home on a person's terms. First a few records (the canary), then the rest at a pace, with
// a daily pause if wanted, stopping by itself when too much is refused. Pure: a plan, what was settled and the time in;
// whether the next record may go, and where the drain stands, out. It survives a restart as JSON text in an object of
// the store; what it has counted may then be behind by what was settled since it was last written, never ahead.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/words/said.h"
#include "storage/submission.h"

namespace titip::delivery {

using storage::WallTime;

// Minutes of the day in the server's time zone; `from` after `until` spans midnight.
struct DailyPause {
  std::chrono::minutes from{0};
  std::chrono::minutes until{0};
};

struct DrainPlan {
  std::uint64_t canary = 20;  // records that go first and are all waited for; 0: none
  double per_second = 0;      // 0: as fast as the window lets it
  double abort_share = 0.30;  // of the last `abort_sample` results rejected or unknown: it stops
  std::uint32_t abort_sample = 50;
  std::optional<DailyPause> daily_pause{};
  std::chrono::minutes utc_offset{420};  // of the server
};

enum class DrainState : std::uint8_t { canary, running, paused, aborted, done };
std::string_view name(DrainState state);

enum class DrainResult : std::uint8_t { delivered, rejected, unknown };

class Drain {
 public:
  // `of`: records that were waiting when it began.
  Drain(DrainPlan plan, std::uint64_t of, WallTime now);

  // Whether one more may start now; `in_flight` of this drain.
  bool may_send(std::uint64_t in_flight, WallTime now) const;
  // When to ask again, should it be for time alone that nothing may start.
  std::optional<WallTime> wakes_at(WallTime now) const;
  void settled(DrainResult result, WallTime now);
  // One whose outcome was unknown is known now; nothing: it was not applied, and goes again. `counted`: its unknown
  // outcome was told to this drain.
  void resolved(std::optional<DrainResult> as, bool counted);

  // `until`: resumes by itself then. The reason is shown to whoever asks why a record waits.
  void pause(std::string reason, std::optional<WallTime> until, WallTime now);
  // Also takes back an abort: a person has looked. False if it was neither.
  bool resume(WallTime now);
  void nothing_left(WallTime now);

  DrainState state(WallTime now) const;
  const words::Said& reason() const { return reason_; }  // why it is paused or aborted
  const DrainPlan& plan() const { return plan_; }
  WallTime started_at() const { return started_at_; }  // what was accepted before it is the backlog
  std::uint64_t of() const { return of_; }
  std::uint64_t settled_so_far() const { return delivered_ + rejected_ + unknown_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t rejected() const { return rejected_; }
  std::uint64_t unknown() const { return unknown_; }
  // Of those it began with; some may have ended otherwise (cancelled, erased), so it is an upper bound.
  std::uint64_t waiting() const { return done_ || of_ < settled_so_far() ? 0 : of_ - settled_so_far(); }
  // At the rate of the time it could send; nothing while nobody can know.
  std::optional<std::chrono::seconds> eta(WallTime now) const;

  std::string encode() const;
  static std::expected<Drain, words::Said> decode(std::string_view json);

 private:
  bool in_daily_pause(WallTime now) const;
  bool canary_over() const { return results_ >= plan_.canary; }
  std::chrono::milliseconds sending_for(WallTime now) const;

  DrainPlan plan_;
  std::uint64_t of_;
  WallTime started_at_;
  std::uint64_t delivered_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t results_ = 0;    // of sends; unlike what is settled it never falls
  std::uint64_t last_ = 0;       // the last results, newest in the lowest bit: 1 is rejected or unknown
  std::uint32_t last_size_ = 0;  // how many of the bits count
  bool paused_ = false;
  bool aborted_ = false;
  bool done_ = false;
  words::Said reason_;
  std::optional<WallTime> paused_until_;
  std::chrono::milliseconds stood_still_{0};  // pauses that are over
  WallTime still_since_{};                    // while paused or aborted
};

// How long so many take at the plan's pace, its daily pause counted in; nothing where it has no pace.
std::optional<std::chrono::seconds> estimate(const DrainPlan& plan, std::uint64_t records);

}  // namespace titip::delivery
