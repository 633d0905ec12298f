// A child process of the day: started with its output in a log file, ended with a signal, always collected. Children
// die with the driver (PR_SET_PDEATHSIG) unless they are released on purpose. Used from one thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/day/ending.h"

namespace titip::day {

class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // SIGTERM, then SIGKILL after five seconds

  // `outlives_us`: it is not tied to the driver's life (--keep).
  static std::expected<Child, std::string> start(const std::vector<std::string>& command,
                                                 const std::filesystem::path& log, bool outlives_us);

  pid_t pid() const { return pid_; }
  bool running();                                 // false once it ended by itself; how_it_ended says how
  void kill_now();                                // SIGKILL, and waits until it is gone
  bool stop(std::chrono::milliseconds patience);  // SIGTERM; true if it ended in time with status 0
  void release() { pid_ = -1; }                   // leaves it running
  std::string how_it_ended() const { return ended_.text(); }
  const Ending& ending() const { return ended_; }  // of a process that was collected

 private:
  bool collect(bool block);
  pid_t pid_ = -1;
  int status_ = 0;
  Ending ended_;
};

// A port of 127.0.0.1 that nobody listens on. Chosen below the ephemeral range, so that no outgoing connection takes it
// between the asking and the listening (a gateway that restarts must get its port again).
std::optional<std::uint16_t> free_port();

// The last lines of a log, for a person.
std::string tail(const std::filesystem::path& file, std::size_t lines);

}  // namespace titip::day
