// Retention while the gateway serves: a pass over the store once an hour, in small slices with a rest after each, so
// that no accept waits for it. It remembers how far it got, also across restarts.
// Threads: everything on the loop whose timers and home it is given. The probes are set from there.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "gateway/admin/upkeep.h"
#include "gateway/clock/clock.h"
#include "metrics/catalogue.h"
#include "storage/store.h"

namespace titip::admin {

struct RetentionOptions {
  RetentionRule rule;
  std::chrono::milliseconds between_passes{3'600'000};
  std::size_t examine = 500;  // records a slice
  std::chrono::milliseconds least_rest{20};
  int rest_per_work = 4;            // a slice of 10 ms is followed by at least 40 ms of rest
  std::size_t writer_is_busy = 64;  // calls waiting for the writer: then we wait
  std::chrono::milliseconds busy_rest{250};
  std::size_t remember_every = 100;  // slices
};

class Retention {
 public:
  struct Parts {
    storage::Store& store;
    storage::Home& home;
    clock::Timers& timers;
    const clock::Clock& clock;
    metrics::RetentionProbes& probes;
  };
  Retention(RetentionOptions options, Parts parts) : options_(options), parts_(parts) {}

  void start();
  void stop();  // an answer may still be under way; it changes nothing

 private:
  void begin_pass(std::optional<storage::SubmissionId> after);
  void look_at_the_clock();
  void slice();
  void sliced(storage::Result<storage::Retained> slice, std::chrono::nanoseconds took);
  void pass_ended();
  void remember(const std::optional<storage::SubmissionId>& after);
  void later(std::chrono::milliseconds delay, void (Retention::*what)());

  const RetentionOptions options_;
  const Parts parts_;
  storage::Retain what_;
  std::size_t slices_ = 0;
  std::optional<clock::Timers::Id> timer_;
  bool remembered_ = false;  // a place lies in the store
  bool stopped_ = false;
};

}  // namespace titip::admin
