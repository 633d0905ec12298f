// A process of ours whose every line is kept here, so that it survives the process. One thread; another reads the
// lines.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/told.h"

namespace titip::crash {

class TellingChild {
 public:
  TellingChild() = default;
  TellingChild(const TellingChild&) = delete;
  TellingChild& operator=(const TellingChild&) = delete;
  ~TellingChild() { kill(); }

  // What it says on standard error goes to the end of `log`. It dies with us.
  bool start(const std::vector<std::string>& command, const std::filesystem::path& log);
  // Waits until it has said `word` (a line, or its beginning), or ended.
  bool wait_for(const std::string& word, std::chrono::milliseconds longest);
  // Waits until it has told so many answers (witness.h), or ended.
  bool wait_for_answers(std::uint64_t answers, std::chrono::milliseconds longest);
  bool wait_for_end(std::chrono::milliseconds longest);  // false: it still runs
  void kill();                                           // SIGKILL if it still runs; collects it and all it had said
  bool said(const std::string& word) const;              // since it was started
  std::string error() const;                             // what it gave up with; empty: it did not
  std::uint64_t answers() const { return answers_; }
  std::vector<std::string> heard(std::size_t from = 0) const;  // the lines from this one on
  // Which of its lines says `word`, from `from` on; none: it has not said it.
  std::optional<std::size_t> line_of(const std::string& word, std::size_t from = 0) const;
  // Waits until what it told from this line on is enough, or it ended.
  bool wait_until_told(std::size_t from, const std::function<bool(const Told&)>& enough,
                       std::chrono::milliseconds longest);
  bool ended() const { return ended_; }

 private:
  void listen(int end);

  pid_t child_ = -1;
  std::jthread listener_;
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<bool> ended_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> heard_;
};

// This program's own path.
std::filesystem::path this_program();
// A fresh directory under TMPDIR.
std::filesystem::path scratch_directory(const std::string& name);

}  // namespace titip::crash
