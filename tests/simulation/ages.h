// Who expires by age must have waited for longer than the maximum age, counting only the time in which he could have
// been sent: the gateway alive, no gate shut before his facility, the national server not failing everybody. And he
// must have been tried often. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/findings.h"
#include "tests/simulation/moves.h"

namespace titip::simulation {

struct Known;

struct Age {
  using Served = std::chrono::milliseconds;
  std::optional<Served> since{};  // what his facility's clock showed when he was first put off
  std::optional<Served> answered{};
};

// The clocks of the facilities: each runs while records of it could be sent.
class ServedClocks {
 public:
  explicit ServedClocks(const tests::FakeClock& clock) : clock_(clock) {}
  void runs(const std::string& facility, bool runs);
  Age::Served of(const std::string& facility) const;

 private:
  struct One {
    Age::Served served{0};
    std::optional<clock::SteadyTime> since;
  };
  const tests::FakeClock& clock_;
  std::map<std::string, One> all_;
};

class Ages {
 public:
  Ages(Findings& findings, std::optional<std::chrono::milliseconds> maximum,
       std::function<Age::Served(const std::string&)> served)
      : findings_(findings), maximum_(maximum), served_(std::move(served)) {}

  void answered(Known& known) const;
  void changed(Known& known, const Standing& now, bool a_person_said_so) const;

 private:
  static constexpr std::uint32_t least_tries = 5;
  // The gateway learns of an outage by the calls that fail, the judge's clock knows when it began.
  static constexpr std::chrono::minutes notices_within{10};
  Findings& findings_;
  std::optional<std::chrono::milliseconds> maximum_;  // nothing: nobody expires within a day
  std::function<Age::Served(const std::string&)> served_;
};

}  // namespace titip::simulation
