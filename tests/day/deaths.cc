#include "tests/day/deaths.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>

namespace titip::day {
namespace {

constexpr double first_s = 0.4;
constexpr double longest_rest_s = 0.3;

struct Fault {
  const char* call;
  const char* what;
  std::uint32_t latest;  // the nth such call, at most
  bool of_the_store;     // only where it touches the store's files: the program makes it elsewhere too
};
// strace counts for each thread: the nth call of the writer, or of one that flushes. Of write, only the store's fail: a
// gateway whose own wake-ups fail is no gateway in a world that exists.
constexpr std::array<Fault, 12> faults{{{"fdatasync", "error=EIO", 20, false},
                                        {"fdatasync", "error=ENOSPC", 20, false},
                                        {"fdatasync", "signal=SIGKILL", 20, false},
                                        {"fsync", "error=EIO", 4, false},
                                        {"fsync", "error=ENOSPC", 4, false},
                                        {"fsync", "signal=SIGKILL", 4, false},
                                        {"write", "error=EIO", 20, true},
                                        {"write", "error=ENOSPC", 20, true},
                                        {"write", "signal=SIGKILL", 40, false},
                                        {"pwrite64", "error=EIO", 5, false},
                                        {"pwrite64", "error=ENOSPC", 5, false},
                                        {"pwrite64", "signal=SIGKILL", 5, false}}};

// strace filters by whole paths, so the names that RocksDB will give its next files are foreseen.
std::vector<std::string> store_files(const std::filesystem::path& data) {
  constexpr std::uint64_t ahead = 120;
  std::uint64_t last = 0;
  std::filesystem::path where = data;
  std::error_code ignored;
  for (std::filesystem::recursive_directory_iterator at(data, ignored), end; at != end; at.increment(ignored)) {
    const std::string file = at->path().filename().string();
    if (file == "CURRENT") where = at->path().parent_path();
    const std::size_t digits = file.find_first_of("0123456789");
    // Names of logs that were put aside end in a time.
    const bool numbered = digits != std::string::npos && !file.starts_with("LOG");
    if (numbered) last = std::max<std::uint64_t>(last, std::strtoull(&file[digits], nullptr, 10));
  }
  std::vector<std::string> files;
  for (std::uint64_t number = last + 1 - std::min<std::uint64_t>(last, 10); number <= last + ahead; ++number) {
    for (const char* kind : {"{}/{:06}.log", "{}/{:06}.sst", "{}/{:06}.blob", "{}/MANIFEST-{:06}"}) {
      files.push_back(fmt::format(fmt::runtime(kind), where.string(), number));
    }
  }
  return files;
}

Planned planned_of(const Fault& fault) {
  const std::string_view what(fault.what);
  const bool kills = what.starts_with("signal=");
  return {kills ? Planned::How::call_kills : Planned::How::call_fails, fault.call,
          std::string(what.substr(what.find('=') + 1))};
}

}  // namespace

std::vector<std::string> Deaths::fault_names() {
  std::vector<std::string> names;
  for (const Fault& fault : faults) names.push_back(planned_of(fault).name());
  return names;
}

Deaths::Deaths(const Settings& settings, double until_s) : faults_(settings.faults), dice_(settings.seed, 31) {
  for (std::uint32_t i = 0; i < settings.deaths; ++i) {
    // A fault is given time to come; a kill comes whenever it likes.
    const double at = dice_.below(1'000'000) / 1e6;
    const double share = faults_ ? (i + 0.5 + 0.5 * at) / settings.deaths : at;
    moments_.push_back(first_s + (until_s - first_s) * share);
  }
  std::ranges::sort(moments_);
}

double Deaths::rest_s() {
  ++next_;
  return longest_rest_s * dice_.below(1000) / 1000;
}

std::vector<std::string> Deaths::tracer(const std::filesystem::path& data) {
  of_what_ = "kill -9";
  planned_ = {};
  if (!faults_ || !left()) return {};
  if (turns_.empty()) {
    for (std::size_t i = 0; i < faults.size(); ++i) {
      turns_.insert(turns_.begin() + dice_.below(static_cast<std::uint32_t>(i + 1)), i);
    }
  }
  const Fault& fault = faults[turns_.back()];
  turns_.pop_back();
  planned_ = planned_of(fault);
  const std::uint32_t nth = dice_.between(1, fault.latest);
  of_what_ = fmt::format("{} {} at the {}. time", fault.call, fault.what, nth);
  std::vector<std::string> command{"/usr/bin/strace", "-D", "-f", "-qq", "-o", "/dev/null"};
  // Without it every call of the program is stopped; with it strace 6.1 does not deliver the signal.
  if (!std::string_view(fault.what).starts_with("signal")) command.emplace_back("--seccomp-bpf");
  command.insert(command.end(), {"-e", fmt::format("trace={}", fault.call), "-e",
                                 fmt::format("inject={}:{}:when={}", fault.call, fault.what, nth)});
  if (fault.of_the_store) {
    for (const std::string& file : store_files(data)) command.insert(command.end(), {"-P", file});
  }
  return command;
}

std::string Deaths::why_no_faults() {
  const char* probe = "/usr/bin/strace -D -f -qq --seccomp-bpf -o /dev/null -e trace=fsync true >/dev/null 2>&1";
  return std::system(probe) == 0 ? std::string() : "strace is not installed here or may not trace (ptrace)";
}

}  // namespace titip::day
