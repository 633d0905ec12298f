// How far a long command is, on stderr: a bar with rate and time left where a person looks on, a line every ten seconds
// where a log does. Private to the root.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "storage/upkeep.h"

namespace titip::gateway {

// "1,200 of 5,000 (24 %), 400/s, 0:09 left": pure.
std::string progress_words(storage::Progress progress, std::chrono::milliseconds elapsed);
// "[=====>              ]"; empty if the end is not known.
std::string progress_bar(storage::Progress progress, std::size_t width);

class ProgressLine {
 public:
  // `on_terminal`: a bar that is drawn over itself.
  ProgressLine(std::FILE* out, bool on_terminal);
  void show(storage::Progress progress);
  void end();  // leaves a clean line

 private:
  using Clock = std::chrono::steady_clock;
  std::FILE* out_;
  bool on_terminal_;
  Clock::time_point began_ = Clock::now();
  std::optional<Clock::time_point> shown_at_;
  bool drawn_ = false;
};

}  // namespace titip::gateway
