#include "tests/capacity/cpu.h"

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace titip::capacity {
namespace {

struct ThreadTime {
  std::string name;
  double seconds = 0;
};

// man 5 proc: the name stands in brackets and may hold anything; utime and stime are the 12th and 13th word after it.
ThreadTime read_thread(const std::filesystem::path& directory) {
  std::ifstream file(directory / "stat");
  std::string line;
  std::getline(file, line);
  const auto open = line.find('('), close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::istringstream rest(line.substr(close + 2));
  std::string word;
  double ticks = 0;
  for (int i = 1; i <= 13 && rest >> word; ++i)
    if (i >= 12) ticks += std::stod(word);
  return {line.substr(open + 1, close - open - 1), ticks / static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

}  // namespace

CpuUse CpuUse::operator-(const CpuUse& before) const {
  return {front - before.front, deliver - before.deliver, writer - before.writer, readers - before.readers,
          background - before.background};
}

CpuUse cpu_use(pid_t writer) {
  CpuUse use;
  std::error_code gone;
  for (std::filesystem::directory_iterator i("/proc/self/task", gone), end; !gone && i != end; i.increment(gone)) {
    const auto thread = read_thread(i->path());
    if (i->path().filename() == std::to_string(writer)) {
      use.writer += thread.seconds;
    } else if (thread.name.starts_with("rocksdb")) {
      use.background += thread.seconds;
    } else if (thread.name.starts_with("front")) {
      use.front += thread.seconds;
    } else if (thread.name.starts_with("deliver")) {
      use.deliver += thread.seconds;
    } else {
      use.readers += thread.seconds;
    }
  }
  return use;
}

double this_thread_cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double peak_rss_mb() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

}  // namespace titip::capacity
