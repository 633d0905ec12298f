// What the program itself is and takes: read from /proc/self at each exposition.
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>

#include "metrics/catalogue.h"
#include "metrics/words/said.h"

namespace titip::metrics {
namespace {

constexpr Definition build_info_metric{"titip_build_info", words::text("1; version and revision are labels.")};
constexpr Definition process_cpu{"process_cpu_seconds_total", words::text("User and system CPU time.")};
constexpr Definition process_rss{"process_resident_memory_bytes", words::text("Resident memory.")};
constexpr Definition process_fds{"process_open_fds", words::text("Open file descriptors.")};
constexpr Definition process_max_fds{"process_max_fds", words::text("Limit of open file descriptors.")};
constexpr Definition process_start{"process_start_time_seconds", words::text("Start of the process since the epoch.")};

double count_fds() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = -3;  // ".", ".." and the directory itself
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void build_info(Registry& registry, const std::string& version, const std::string& revision) {
  registry.gauge(build_info_metric, {{"version", version}, {"revision", revision}}).set(1);
}

void process_metrics(Registry& registry) {
  const Counter cpu = registry.counter(process_cpu, {});
  const Gauge rss = registry.gauge(process_rss, {});
  const Gauge fds = registry.gauge(process_fds, {});
  const Gauge max_fds = registry.gauge(process_max_fds, {});
  registry.gauge(process_start, {}).set(static_cast<double>(std::time(nullptr)));
  registry.before_exposition([=] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    cpu.add(std::max(0.0, of(usage.ru_utime) + of(usage.ru_stime) - cpu.value()));
    rss.set(resident_bytes());
    fds.set(count_fds());
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    max_fds.set(static_cast<double>(limit.rlim_cur));
  });
}

}  // namespace titip::metrics
