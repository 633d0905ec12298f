// A disk that fills up while settlements go on, and is freed: new work is refused and taken again without a restart; a
// start on the full disk works too.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <thread>

#include "tests/crash/custody.h"
#include "tests/crash/loop_disk.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/report.h"
#include "tests/sampler/random.h"

namespace titip::crash {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t disk_bytes = 768 * mib;
constexpr std::uint64_t floor_bytes = 192 * mib;
constexpr std::uint64_t ballast_bytes = 64 * mib;
constexpr std::chrono::seconds patience{60};

std::uint64_t free_on(const std::filesystem::path& path) {
  struct statvfs told{};
  return ::statvfs(path.c_str(), &told) == 0 ? told.f_bavail * told.f_frsize : 0;
}

// Something else than the store takes what is free, but for `left`. 0: the disk is full to the last block.
bool fill(const std::filesystem::path& directory, std::uint64_t left) {
  const int file = ::open((directory / "filler").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const std::uint64_t free = free_on(directory);
  if (free > left) {
    const off_t end = ::lseek(file, 0, SEEK_END);
    [[maybe_unused]] const int made = ::posix_fallocate(file, end, static_cast<off_t>(free - left));
  }
  ::close(file);
  return free_on(directory) <= left + mib;
}

bool once(std::uint64_t seed, LoopDisk& disk, const std::filesystem::path& scratch, Report& report,
          std::vector<Finding>& findings, std::string& schedule) {
  const auto miss = [&](const std::string& what) {
    findings.push_back({Finding::Kind::broken, what});
    return false;
  };
  sampler::Random dice(seed, 13);
  const bool restarts = dice.chance(0.5);
  const std::uint64_t left = dice.between(24, 120) * mib;
  schedule = fmt::format("filled to {} MiB, {}freed", left / mib, restarts ? "restarted on the full disk, " : "");
  Custody custody(seed, scratch, disk.path() / "data");
  CustodianOrders orders;
  orders.seed = dice.next();
  orders.floor_bytes = floor_bytes;
  orders.ballast_bytes = ballast_bytes;
  if (!custody.start(orders) || !custody.child().wait_for_answers(150, patience)) {
    return miss("the custodian does not begin: " + custody.child().error());
  }
  if (!fill(disk.path(), left)) return miss("the disk could not be filled");
  if (!custody.child().wait_for("refusing", patience)) return miss("new work is still taken on a full disk");
  // What is pending goes on: outcomes are heard although nothing new is taken.
  const std::uint64_t at_full = custody.child().answers();
  if (!custody.child().wait_for_answers(at_full + 60, patience)) return miss("no settlement is taken on a full disk");
  if (restarts) {
    custody.kill();
    findings = custody.inspect();  // a first start on the full disk
    if (!findings.empty()) return false;
    if (!custody.start(orders) || !custody.child().wait_for("ready", patience)) {
      return miss("it does not start on a full disk: " + custody.child().error());
    }
    if (!custody.child().wait_for("refusing", patience))
      return miss("after the restart new work is taken on a full disk");
  }
  std::filesystem::remove(disk.path() / "filler");
  if (!custody.child().wait_for("taking", patience)) return miss("the disk was freed and new work is still refused");
  const std::uint64_t at_freed = custody.child().answers();
  if (!custody.child().wait_for_answers(at_freed + 100, patience)) return miss("nothing is taken on the freed disk");
  custody.kill();
  if (!custody.child().error().empty()) return miss("the store stopped: " + custody.child().error());
  findings = custody.inspect();
  report.acknowledged += custody.history().acknowledged();
  return findings.empty();
}

}  // namespace

int run_disk_full(const ProcessCrashes& wanted) {
  if (const std::string why = LoopDisk::why_not(); !why.empty()) return skipped("disk_full", why);
  Report report;
  report.kind = "disk_full";
  const auto scratch = scratch_directory("disk-full");
  for (std::uint64_t seed = wanted.first_seed; report.rounds < wanted.rounds; ++seed) {
    auto disk = LoopDisk::make(scratch, disk_bytes);
    if (!disk) return skipped("disk_full", disk.error());
    std::vector<Finding> findings;
    std::string schedule;
    const bool whole = once(seed, *disk, scratch, report, findings, schedule);
    ++report.rounds;
    report.add(findings);
    if (wanted.tell) fmt::print("seed {}: {}\n", seed, schedule);
    if (!whole) complain(report.kind, seed, schedule, findings);
  }
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  fmt::print("{}\n", report.line());
  return report.clean() ? exit_kept : exit_not_kept;
}

}  // namespace titip::crash
