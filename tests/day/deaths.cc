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
// Of write, only the store's: a gateway whose own wake-ups fail is no gateway in a world that exists.
constexpr std::array<Fault, 12> faults{{{"fdatasync", "error=EIO", 120, false},
                                        {"fdatasync", "error=ENOSPC", 120, false},
                                        {"fdatasync", "signal=SIGKILL", 120, false},
                                        {"fsync", "error=EIO", 40, false},
                                        {"fsync", "error=ENOSPC", 40, false},
                                        {"fsync", "signal=SIGKILL", 40, false},
                                        {"write", "error=EIO", 120, true},
                                        {"write", "error=ENOSPC", 120, true},
                                        {"write", "signal=SIGKILL", 300, false},
                                        {"pwrite64", "error=EIO", 40, false},
                                        {"pwrite64", "error=ENOSPC", 40, false},
                                        {"pwrite64", "signal=SIGKILL", 40, false}}};

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
    if (digits != std::string::npos) last = std::max<std::uint64_t>(last, std::strtoull(&file[digits], nullptr, 10));
  }
  std::vector<std::string> files;
  for (std::uint64_t number = last + 1; number <= last + ahead; ++number) {
    for (const char* kind : {"{}/{:06}.log", "{}/{:06}.sst", "{}/{:06}.blob", "{}/MANIFEST-{:06}"}) {
      files.push_back(fmt::format(fmt::runtime(kind), where.string(), number));
    }
  }
  return files;
}

}  // namespace

Deaths::Deaths(const Settings& settings, double until_s) : faults_(settings.faults), dice_(settings.seed, 31) {
  for (std::uint32_t i = 0; i < settings.deaths; ++i) {
    moments_.push_back(first_s + (until_s - first_s) * dice_.below(1'000'000) / 1'000'000);
  }
  std::ranges::sort(moments_);
}

double Deaths::rest_s() {
  ++next_;
  return longest_rest_s * dice_.below(1000) / 1000;
}

std::vector<std::string> Deaths::tracer(const std::filesystem::path& data) {
  of_what_ = "kill -9";
  if (!faults_ || !left()) return {};
  const Fault& fault = faults[dice_.below(faults.size())];
  const std::uint32_t nth = dice_.between(1, fault.latest);
  of_what_ = fmt::format("{} {} at the {}. time", fault.call, fault.what, nth);
  std::vector<std::string> command{"/usr/bin/strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"};
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
