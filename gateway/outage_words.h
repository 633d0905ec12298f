// Outages as an operator reads them: a table with the times of the config's zone, the cause in words. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"
#include "gateway/delivery/outages.h"

namespace titip::gateway {

std::string cause_words(std::string_view cause);    // "http_503" -> "answered HTTP 503"
std::string span_words(std::chrono::seconds span);  // "45 s", "2 h 05 min", "3 d 04 h"

// A line for each outage, in the order in which they come; a heading before the first of each destination.
class OutageTable {
 public:
  OutageTable(std::chrono::minutes utc_offset, clock::WallTime now) : utc_offset_(utc_offset), now_(now) {}
  std::string lines(const delivery::Outage& outage);
  // What they come to, in one sentence.
  std::string sum() const;

 private:
  std::string moment(clock::WallTime at) const;

  std::chrono::minutes utc_offset_;
  clock::WallTime now_;
  std::string destination_;  // of the last line
  std::uint64_t count_ = 0;
  std::uint64_t going_on_ = 0;
  std::chrono::seconds together_{0};
};

}  // namespace titip::gateway
