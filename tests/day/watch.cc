#include "tests/day/watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace titip::day {

Watch::Watch(const Stage& stage, const Forecast& forecast, bool quiet)
    : facility_(stage.facilities().front().code),
      front_(stage.front_port()),
      forecast_(forecast),
      quiet_(quiet),
      terminal_(::isatty(STDOUT_FILENO) == 1) {}

std::optional<GatewayStatus> Watch::look() {
  auto status = read_status(front_, facility_);
  answering_ = status.has_value();
  if (!status) return std::nullopt;
  last_ = *status;
  return last_;
}

void Watch::carry_over() {
  carried_.unknown_outcomes += last_.unknown_outcomes;
  carried_.probes += last_.probes;
  carried_.outages += last_.outages;
  last_.unknown_outcomes = last_.probes = last_.outages = 0;
  answering_ = false;
  front_.disconnect();
}

void Watch::show(const Clinics& clinics, double second) {
  if (quiet_) return;
  const double interval = terminal_ ? 0.2 : 5;
  if (shown_ && second - *shown_ < interval) return;
  shown_ = second;
  const std::string line =
      fmt::format("{:5.1f} s  accepted {:>5}  delivered {:>5}  pending {:>5}  upstream {:<9}  weather {}", second,
                  clinics.acknowledged(), last_.totals.delivered, last_.totals.pending,
                  answering_ ? last_.upstream : "(no gateway)", forecast_.at(second));
  if (terminal_) {
    std::fputs(("\r\x1b[K" + line).c_str(), stdout);
    line_open_ = true;
  } else {
    std::puts(line.c_str());
  }
  std::fflush(stdout);
}

void Watch::end_line() {
  if (line_open_) std::puts("");
  line_open_ = false;
}

void Watch::say(const std::string& sentence) {
  if (quiet_) return;
  end_line();
  std::puts(sentence.c_str());
  std::fflush(stdout);
}

}  // namespace titip::day
