// A disk that fills up while settlements go on, and is freed: new work is refused and taken again without a restart; a
// start on the full disk works too. Every second one is full to the last block: there a write may fail and the store
// stop, and then everything is there once there is room.
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
constexpr std::uint64_t backlog = 150;        // pending before the disk is filled
constexpr std::uint64_t enough_changes = 60;  // of them, once new work is refused
constexpr std::uint64_t enough_new = 20;

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

// One disk that is filled and freed. Every step answers false once something was not kept; findings() says what.
class Round {
 public:
  Round(std::uint64_t seed, const LoopDisk& disk, const std::filesystem::path& scratch)
      : disk_(disk),
        dice_(seed, 13),
        restarts_(dice_.chance(0.5)),
        left_(seed % 2 == 0 ? 0 : dice_.between(24, 120) * mib),
        custody_(seed, scratch, disk.path() / "data") {
    orders_.seed = dice_.next();
    orders_.floor_bytes = floor_bytes;
    orders_.ballast_bytes = ballast_bytes;
  }
  bool run() { return begin() && go_on_while_it_is_full() && start_on_the_full_disk() && free_it() && end(); }

  std::string schedule() const {
    return fmt::format("filled to {} MiB, {}{}freed", left_ / mib, failed_ ? "stopped by a failing write, " : "",
                       restarts_ ? "restarted on the full disk, " : "");
  }
  const std::vector<Finding>& findings() const { return findings_; }
  std::uint64_t acknowledged() const { return custody_.history().acknowledged(); }
  bool failed() const { return failed_; }
  const Told& on_the_full_disk() const { return full_; }

 private:
  TellingChild& child() { return custody_.child(); }
  bool miss(const std::string& what, Finding::Kind kind = Finding::Kind::broken) {
    const std::string error = child().error();
    findings_.push_back({kind, error.empty() ? what : what + ": " + error});
    return false;
  }
  bool begin();
  bool go_on_while_it_is_full();
  bool opens_or_says_why_not();
  bool start_on_the_full_disk();
  bool free_it();
  bool end();
  bool look_at(std::size_t from);
  bool stopped_by_the_disk();

  const LoopDisk& disk_;
  sampler::Random dice_;
  const bool restarts_;
  const std::uint64_t left_;
  Custody custody_;
  CustodianOrders orders_;
  Told full_;            // what it did while the disk was full
  bool failed_ = false;  // a write failed, and it stopped: the disk was full to the last block
  bool runs_ = true;
  std::vector<Finding> findings_;
};

bool Round::begin() {
  CustodianOrders first = orders_;
  first.pile = backlog;
  if (!custody_.start(first) || !child().wait_for("ready", patience) ||
      !child().wait_until_told(0, [](const Told& told) { return told.changed >= 40; }, patience)) {
    return miss("the custodian does not begin");
  }
  return fill(disk_.path(), left_) || miss("the disk could not be filled");
}

// Fail-stop, where not even the ballast could be given up in time. The last free block must really have gone.
bool Round::stopped_by_the_disk() {
  if (left_ != 0 || !child().ended() || child().error().find("No space left") == std::string::npos) return false;
  failed_ = true;
  runs_ = false;
  custody_.kill();
  return true;
}

// From "refusing" on nothing new is taken, and what is pending goes on.
bool Round::look_at(std::size_t from) {
  const Told told = told_in(child().heard(from));
  full_ = {full_.changed + told.changed, full_.accepted + told.accepted, full_.refused + told.refused};
  if (told.accepted != 0) return miss(fmt::format("{} submissions were taken on a full disk", told.accepted));
  if (child().line_of("taking", from)) return miss("it says that it takes new work again, and the disk is full");
  return true;
}

bool Round::go_on_while_it_is_full() {
  if (!child().wait_for("refusing", patience)) {
    return stopped_by_the_disk() || miss("new work is still taken on a full disk");
  }
  const std::size_t from = *child().line_of("refusing");
  const bool goes_on = child().wait_until_told(
      from, [](const Told& told) { return told.changed >= enough_changes && told.refused >= 1; }, patience);
  if (!look_at(from)) return false;
  return goes_on || stopped_by_the_disk() ||
         miss(fmt::format("on a full disk only {} changes were applied and {} submissions refused", full_.changed,
                          full_.refused));
}

// After a failed write the full disk may be too full to be opened on; then it must say so.
bool Round::opens_or_says_why_not() {
  findings_ = custody_.inspect(Inspection::Content::may_be_erased);
  const auto no_room = [](const Finding& each) {
    return each.what.find("before the store can be opened") != std::string::npos ||
           each.what.find("No space left") != std::string::npos || each.what.ends_with("could not be read whole");
  };
  std::erase_if(findings_, no_room);
  return findings_.empty();
}

// A first start there.
bool Round::start_on_the_full_disk() {
  if (!restarts_) return true;
  if (failed_) return opens_or_says_why_not();
  custody_.kill();
  findings_ = custody_.inspect(Inspection::Content::may_be_erased);
  if (!findings_.empty()) return false;
  if (!custody_.start(orders_) || !child().wait_for("ready", patience)) {
    return stopped_by_the_disk() || miss("it does not start on a full disk");
  }
  if (!child().wait_for("refusing", patience)) {
    return stopped_by_the_disk() || miss("after the restart new work is taken on a full disk");
  }
  // Not only from there on: it began on the full disk.
  return child().wait_until_told(
             0, [](const Told& told) { return told.refused >= 1; }, patience)
             ? look_at(0)
             : stopped_by_the_disk() || miss("after the restart nothing is refused on a full disk");
}

bool Round::free_it() {
  // What it said until now, it said on the full disk.
  if (runs_) {
    const auto from = child().line_of("refusing");
    const Told counted = full_;
    if (from && !look_at(*from)) return false;
    full_ = counted;
    if (child().ended() && !stopped_by_the_disk()) return miss("the store stopped");
  }
  std::filesystem::remove(disk_.path() / "filler");
  if (!runs_) {
    findings_ = custody_.inspect(Inspection::Content::may_be_erased);
    if (!findings_.empty()) return false;
    runs_ = custody_.start(orders_) && child().wait_for("ready", patience);
    if (!runs_) return miss("it does not come back on the freed disk", Finding::Kind::lost);
  } else if (!child().wait_for("taking", patience)) {
    return miss("the disk was freed and new work is still refused");
  }
  const std::size_t from = child().line_of("taking").value_or(0);
  return child().wait_until_told(
             from, [](const Told& told) { return told.accepted >= enough_new && told.changed >= enough_new; },
             patience) ||
         miss("nothing is taken on the freed disk");
}

bool Round::end() {
  custody_.kill();
  if (!child().error().empty()) return miss("the store stopped");
  findings_ = custody_.inspect(Inspection::Content::may_be_erased);
  return findings_.empty();
}

}  // namespace

int run_disk_full(const ProcessCrashes& wanted) {
  if (const std::string why = LoopDisk::why_not(); !why.empty()) return skipped("disk_full", why);
  Report report;
  report.kind = "disk_full";
  std::uint64_t changed = 0, refused = 0, stops = 0;
  const auto scratch = scratch_directory("disk-full");
  for (std::uint64_t seed = wanted.first_seed; report.rounds < wanted.rounds; ++seed) {
    auto disk = LoopDisk::make(scratch, disk_bytes);
    if (!disk) return cannot_go_on(report, disk.error());
    Round round(seed, *disk, scratch);
    const bool whole = round.run();
    ++report.rounds;
    report.acknowledged += round.acknowledged();
    report.add(round.findings());
    changed += round.on_the_full_disk().changed;
    refused += round.on_the_full_disk().refused;
    stops += round.failed() ? 1 : 0;
    if (wanted.tell) fmt::print("seed {}: {}\n", seed, round.schedule());
    if (!whole) complain(report.kind, seed, round.schedule(), round.findings());
  }
  report.details = {{"changed_on_the_full_disk", changed}, {"refused", refused}, {"stopped_by_a_failing_write", stops}};
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  fmt::print("{}\n", report.line());
  return report.clean() ? exit_kept : exit_not_kept;
}

}  // namespace titip::crash
