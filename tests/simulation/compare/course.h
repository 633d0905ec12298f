// What became of every record of one run, whoever delivered it, and the figures that are judged. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/simulation/compare/server.h"

namespace titip::compare {

struct Figures {
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  std::uint64_t left = 0;  // neither delivered nor ended when the run was over
  std::uint64_t duplicates = 0;
  Requests seen;
  Requests recovery;              // from the end of the last outage until the backlog was gone
  double drain_s = 0;             // 0: it never was
  double backlog = 0;             // at the end of the last outage
  double accepted_meanwhile = 0;  // until it was gone
  double fresh_p99_s = 0;         // of those accepted in the recovery
  double fresh_max_s = 0;
  std::uint64_t fresh = 0;
  double p99_s = 0;  // accept to delivered, of all that are no poison
  std::uint64_t breaker_opened = 0;
  std::uint64_t opened_alone = 0;  // of those, when nobody came any more
  std::uint64_t held = 0;
  double others_p99_s = 0;  // the same of those accepted since the import began, and not imported
  std::uint64_t peak_backlog = 0;
  std::uint64_t gateway_bytes = 0;  // at most, where the heap was looked at
  std::uint64_t store_bytes = 0;    // at the end
  std::uint64_t most_active = 0;
  double seconds = 0;  // of the machine

  double writes_per_delivered() const { return per_delivered(seen.writes); }
  double probes_per_delivered() const { return per_delivered(seen.probes); }
  // How long it took against what the capacity that probes left allows.
  double drain_ratio(double capacity) const;
  double refused_share() const;

 private:
  double per_delivered(std::uint64_t count) const {
    return delivered > 0 ? static_cast<double>(count) / static_cast<double>(delivered) : 0;
  }
};

class Course {
 public:
  Course(const Weather& weather, const Server& server) : weather_(weather), server_(server) {}

  void accepted(std::uint32_t record, milliseconds at, bool imported = false);
  void delivered(std::uint32_t record, milliseconds at);
  void ended(std::uint32_t record, milliseconds at);           // rejected or held: nobody waits for it any more
  std::uint64_t pending() const { return accepted_ - done_; }  // poison apart

  // The p99 of those of whom `counts` says so.
  template <class Counts>
  double p99_of(Counts counts) const;
  Figures figures() const;

 private:
  void look(milliseconds at);

  const Weather& weather_;
  const Server& server_;
  std::vector<std::uint32_t> accepted_at_;   // ms
  std::vector<std::uint32_t> delivered_at_;  // 0: not yet
  std::vector<bool> imported_;
  std::uint64_t accepted_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t peak_ = 0;
  std::optional<Requests> at_recovery_;
  std::uint64_t backlog_ = 0;
  std::uint64_t accepted_before_ = 0;
  std::optional<milliseconds> emptied_at_;
  Requests at_empty_;
  std::uint64_t accepted_at_empty_ = 0;
};

// The value that 99 of a hundred do not exceed; sorts.
double p99(std::vector<double>& values);

template <class Counts>
double Course::p99_of(Counts counts) const {
  std::vector<double> waits;
  for (std::uint32_t i = 0; i < accepted_at_.size(); ++i)
    if (delivered_at_[i] > 0 && counts(i, milliseconds(accepted_at_[i])))
      waits.push_back(static_cast<double>(delivered_at_[i] - accepted_at_[i]) / 1000.0);
  return p99(waits);
}

}  // namespace titip::compare
