// The answer by health, its waiting part: clinics whose records are in custody and who wait for the national answer,
// which may come in time. It ends with the settlement, when time is up, or at once where the record's lane turns out to
// have work that is due and was not sent: then the answer would come too late for sure.
// Whether the lane has any is asked of the store, off its writer and only for those who would wait: that costs an
// accept nothing, needs no word from delivery, and holds for a lane that another node sends for. What fell due within
// the last moments does not count: a healthy gateway has it on its way.
// Threads: everything on one front loop. Invariant: each is told exactly once, never inside the call; a settlement it
// is told of is durable.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "gateway/clock/clock.h"
#include "metrics/catalogue.h"
#include "storage/store.h"

namespace titip::intake {

struct AwaitingDoors {
  storage::Store& store;
  storage::Home& home;  // the front loop
  const clock::Clock& clock;
  clock::Timers* timers = nullptr;  // none: nobody waits
};

struct AwaitingOptions {
  std::size_t most = 1'000;  // that wait at once; more would wait for each other
  std::chrono::milliseconds backlog_age{250};
};

class Awaiting {
 public:
  struct End {
    metrics::IntakeProbes::Told why{};            // relayed: it was settled
    std::optional<storage::Submission> record{};  // as it was settled
  };
  using Done = std::move_only_function<void(End)>;

  Awaiting(AwaitingDoors doors, AwaitingOptions options) : doors_(doors), options_(options) {}

  // Whether there is room for one more to wait, until then.
  bool has_room() const { return doors_.timers != nullptr && !stopped_ && waits_.size() < options_.most; }
  // The caller has asked has_room().
  void settlement(const storage::Submission& record, clock::SteadyTime until, Done done);
  // The loop ends: whoever waits is told that time is up, and nobody waits any more.
  void stop();

 private:
  struct Wait {
    Done done;
    std::optional<clock::Timers::Id> timer{};
    std::optional<storage::Store::WatchId> watch{};
  };
  using Token = std::uint64_t;
  void look_for_backlog(Token token, const storage::Submission& record);
  void end(Token token, End end);

  AwaitingDoors doors_;
  AwaitingOptions options_;
  std::unordered_map<Token, Wait> waits_;
  Token last_ = 0;
  bool stopped_ = false;
};

}  // namespace titip::intake
