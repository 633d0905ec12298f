// A process of this same program, with a pipe on its standard output. It dies with its parent. One thread.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace titip::capacity {

class Child {
 public:
  static std::expected<Child, std::string> start(const std::vector<std::string>& arguments);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // kills what still runs

  // Whole lines written meanwhile; returns with the first ones. Empty: none came in time, or it has ended.
  std::vector<std::string> lines(std::chrono::milliseconds patience);
  bool has_ended() const { return ended_; }  // its output has; end() does not block for long then

  void kill();  // SIGKILL; end() says the rest

  struct End {
    int status = 0;  // exit status, or 128 + signal
    double peak_rss_mb = 0;
    double cpu_s = 0;
  };
  End end();  // waits for it

 private:
  Child() = default;
  pid_t pid_ = -1;
  int output_ = -1;
  bool ended_ = false;
  std::string begun_;  // a line that is not whole yet
};

}  // namespace titip::capacity
