// Power cuts of a real file system: ext4 on a loop device is shut down without flushing its journal while a custodian
// works on it, the process is killed, the file system mounted again.
#include <fmt/format.h>

#include <cstdio>
#include <thread>

#include "tests/crash/custody.h"
#include "tests/crash/loop_disk.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/report.h"
#include "tests/sampler/random.h"

namespace titip::crash {
namespace {

constexpr std::uint64_t disk_bytes = 512ULL << 20U;
constexpr std::uint64_t cuts_of_one_disk = 10;  // the history grows, and with it every inspection
constexpr std::chrono::seconds patience{60};

// What the oracle must say of a control; that a store does not open does not show that it sees anything.
constexpr std::string_view expected_of_a_control = "was acknowledged at position";

// Swallows every sync of logs, tables, blobs and the note. strace filters by whole paths, so names are foreseen.
std::vector<std::string> lying_about(const std::filesystem::path& data) {
  constexpr unsigned files = 300;
  std::vector<std::string> tracer{"strace", "-D",         "-f", "-qq",
                                  "-o",     "/dev/null",  "-e", "inject=fsync,fdatasync,sync_file_range:retval=0",
                                  "-P",     data / "NOTE"};
  for (unsigned number = 1; number <= files; ++number) {
    for (const char* kind : {"log", "sst", "blob"}) {
      tracer.insert(tracer.end(), {"-P", data / fmt::format("{:06}.{}", number, kind)});
    }
  }
  return tracer;
}

struct Ext4Run {
  Report report;
  std::uint64_t while_opening = 0;
  std::string schedule;
  std::vector<Finding> findings;
};

// One cut. False: something was not kept, or (with findings empty) the machine failed us.
bool cut_once(Ext4Run& run, LoopDisk& disk, Custody& custody, sampler::Random& dice, const std::string& control) {
  CustodianOrders orders;
  orders.seed = dice.next();
  orders.buffer_bytes = dice.chance(0.5) ? 64U << 10U : 0;
  orders.sync = control != "sync_off";
  std::vector<std::string> tracer;
  if (control == "disk_lies") tracer = lying_about(disk.path() / "data");
  const bool while_opening = dice.chance(0.12);
  const std::uint64_t answers = dice.between(1, 250);
  const auto opening = std::chrono::microseconds(dice.between(0, 60'000));
  run.schedule = while_opening ? fmt::format("the power goes {} us after the start", opening.count())
                               : fmt::format("the power goes after {} answers", answers);
  if (!custody.start(orders, tracer)) return false;
  if (while_opening) {
    ++run.while_opening;
    std::this_thread::sleep_for(opening);
  } else if (!custody.child().wait_for("ready", patience)) {
    run.findings.push_back({Finding::Kind::lost, "the custodian did not begin: " + custody.child().error()});
    return false;
  } else {
    custody.child().wait_for_answers(answers, std::chrono::seconds(10));
  }
  const bool cut = disk.cut_power();
  custody.kill();
  if (!cut || !disk.unmount() || !disk.mount()) return false;
  ++run.report.rounds;
  run.findings = custody.inspect();
  return run.findings.empty();
}

}  // namespace

int run_ext4(const ProcessCrashes& wanted, const std::string& control) {
  if (const std::string why = LoopDisk::why_not(); !why.empty()) return skipped("ext4", why);
  if (control == "disk_lies" && run_program({"strace", "-o", "/dev/null", "true"}) != 0) {
    return skipped("control ext4_disk_lies", "strace cannot trace here");
  }
  Ext4Run run;
  run.report.kind = "ext4";
  const auto scratch = scratch_directory("ext4");
  bool whole = true;
  std::string caught;  // a control
  std::uint64_t disks = 0;
  for (std::uint64_t seed = wanted.first_seed; whole && run.report.rounds < wanted.rounds; ++seed) {
    if (!control.empty() && ++disks > wanted.rounds) break;
    auto disk = LoopDisk::make(scratch, disk_bytes);
    if (!disk) return cannot_go_on(run.report, disk.error());
    Custody custody(seed, scratch, disk->path() / "data");
    std::filesystem::create_directories(disk->path() / "data");
    ::sync();  // the directory is the administrator's to make
    sampler::Random dice(seed, 9);
    for (std::uint64_t i = 0; whole && i < cuts_of_one_disk && run.report.rounds < wanted.rounds; ++i) {
      whole = cut_once(run, *disk, custody, dice, control);
      if (wanted.tell) fmt::print("seed {} cut {}: {}\n", seed, i + 1, run.schedule);
      if (!whole && run.findings.empty()) {
        fmt::print(stderr, "titip_crash: the loop device could not be cut, unmounted or mounted again\n");
        return 2;
      }
    }
    run.report.acknowledged += custody.history().acknowledged();
    if (!whole && control.empty()) complain("ext4", seed, run.schedule, run.findings);
    if (whole || control.empty()) continue;
    for (const Finding& each : run.findings) {
      if (run.report.rounds > 0 && each.what.find(expected_of_a_control) != std::string::npos) caught = each.what;
    }
    if (caught.empty()) fmt::print("control ext4_{}: not what it must find: {}\n", control, run.findings.front().what);
    whole = caught.empty();  // the next disk may show it
  }
  run.report.add(run.findings);
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  if (!control.empty()) {
    fmt::print("control ext4_{}: {} after {} power cuts: {}\n", control, caught.empty() ? "NOT CAUGHT" : "caught",
               run.report.rounds, caught);
    return caught.empty() ? exit_not_kept : exit_kept;
  }
  run.report.details = {{"cuts_while_opening", run.while_opening}};
  fmt::print("{}\n", run.report.line());
  return run.report.clean() ? exit_kept : exit_not_kept;
}

}  // namespace titip::crash
