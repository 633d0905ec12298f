// What the rounds of one kind came to, as one line that tests/crash/run.py adds up. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/crash/history.h"

namespace titip::crash {

struct Report {
  std::string kind;
  std::uint64_t rounds = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t corrupt_served = 0;
  std::uint64_t broken = 0;  // any other promise
  std::vector<std::pair<std::string, std::uint64_t>> details;

  void add(const std::vector<Finding>& findings);
  bool clean() const { return lost + duplicates + corrupt_served + broken == 0; }
  std::string line() const;  // with the seconds since this object was made

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// The machine would not go on: a loop device that cannot be made any more. Nothing was tried: the kind is skipped
// aloud, and this is the exit status for that. After rounds or findings it is no skip: the line is printed, and it
// failed.
int cannot_go_on(Report& report, const std::string& why);

// Says what is wrong, under which seed and schedule, and how to see it again. At most a dozen findings.
void complain(const std::string& kind, std::uint64_t seed, const std::string& schedule,
              const std::vector<Finding>& findings);

// The commit under test, as the caller says (TITIP_COMMIT); "unknown" otherwise.
std::string commit_under_test();

}  // namespace titip::crash
