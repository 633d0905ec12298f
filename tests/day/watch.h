// Keeps an eye on the gateway while the day runs: its status at every look, its counters across the kill (a process
// counts from its own start), and the live line. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/day/clinics.h"
#include "tests/day/http_client.h"
#include "tests/day/reads.h"
#include "tests/day/stage.h"
#include "tests/day/weather.h"

namespace titip::day {

class Watch {
 public:
  Watch(const Stage& stage, const Forecast& forecast, bool quiet);

  // Asks the gateway. Nothing if it does not answer now; the last status stays known.
  std::optional<GatewayStatus> look();
  // Keeps the last counters of a process that is about to be killed.
  void carry_over();
  void show(const Clinics& clinics, double second);
  void say(const std::string& sentence);  // on a line of its own
  void end_line();

  const GatewayStatus& last() const { return last_; }
  std::int64_t unknown() const { return carried_.unknown_outcomes + last_.unknown_outcomes; }
  std::int64_t probes() const { return carried_.probes + last_.probes; }
  std::int64_t outages() const { return carried_.outages + last_.outages; }

 private:
  std::string facility_;
  HttpClient front_;
  const Forecast& forecast_;
  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  bool answering_ = false;
  GatewayStatus last_, carried_;
  std::optional<double> shown_;
};

}  // namespace titip::day
