#include "tests/crash/upkeep.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "storage/backup.h"
#include "storage/store_files.h"
#include "tests/crash/inspection.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/report.h"
#include "tests/crash/sound_store.h"
#include "tests/crash/store_on_fs.h"
#include "tests/crash/workload.h"

namespace titip::crash {
namespace {

constexpr std::array<std::string_view, 4> kinds{"retention", "backup", "restore", "restore_after_drain"};
constexpr std::uint64_t rounds_on_one_store = 8;
const storage::WallTime later(std::chrono::milliseconds(morning_ms + 7'200'000));

std::filesystem::path backup_directory() {
  return store_directory() / "backup";
}
std::filesystem::path restored_directory() {
  return store_directory() / "restored";
}

class Round {
 public:
  Round(const SoundStore& sound, std::uint64_t seed, bool requeues)
      : buffer_bytes_(sound.buffer_bytes),
        requeues_(requeues),
        dice_(seed, 27),
        history_(sound.history),
        image_(sound.image) {}

  bool retention();
  bool backup();
  bool restore(bool after_a_drain);

  const std::vector<Finding>& findings() const { return findings_; }
  const History& history() const { return history_; }
  const std::string& schedule() const { return schedule_; }
  bool armed() const { return armed_; }
  bool cut_came() const { return cut_came_; }

 private:
  std::shared_ptr<PowerLossFs> power_on() {
    return std::make_shared<PowerLossFs>(Disk{.image = image_, .cut = {}, .seed = dice_.next()});
  }
  void arm(PowerLossFs& fs, const char* during);
  void lose_power(PowerLossFs& fs);
  bool miss(std::string what, Finding::Kind kind = Finding::Kind::broken) {
    findings_.push_back({kind, std::move(what)});
    return false;
  }
  // Opens, inspects, does `work` with it, stops in order. False: something was not kept.
  template <class Work>
  bool with_store(const std::shared_ptr<PowerLossFs>& fs, const std::filesystem::path& directory, History& history,
                  Inspection::When when, Work work);
  bool inspect(Door& door, History& history, Inspection::When when);
  void look_at_half_a_restore(const History& snapshot);
  bool retain_all(Door& door);
  bool make_backup(const std::shared_ptr<PowerLossFs>& fs, Door& door);
  void drain(Door& door, History& history, int steps);
  void queue_again(Door& door, const History& history);
  bool put_back(History& snapshot);

  const std::uint64_t buffer_bytes_;
  const bool requeues_;
  sampler::Random dice_;
  History history_;
  Image image_;
  std::string schedule_;
  std::vector<Finding> findings_;
  bool armed_ = false, cut_came_ = false;
  Inspection::Content content_ = Inspection::Content::stays;  // until retention begins
};

void Round::arm(PowerLossFs& fs, const char* during) {
  const Cut cut{.op = {}, .files = {}, .nth = dice_.between(1, 120), .after = dice_.chance(0.5)};
  schedule_ = fmt::format("{}: {}", during, cut.text());
  fs.arm(cut);
  armed_ = true;
}

void Round::lose_power(PowerLossFs& fs) {
  cut_came_ = fs.cut_came();
  fs.pull_the_plug();
  image_ = fs.survivors();
}

template <class Work>
bool Round::with_store(const std::shared_ptr<PowerLossFs>& fs, const std::filesystem::path& directory, History& history,
                       Inspection::When when, Work work) {
  const auto [store, why_not] = open_on(fs, {buffer_bytes_, Spoiled::no, directory});
  if (!store) return miss("the store does not open: " + why_not, Finding::Kind::lost);
  Door door(*store, [&s = *store] { return s.pump(); });
  const bool whole = inspect(door, history, when) && work(door);
  store->close();
  return whole;
}

bool Round::inspect(Door& door, History& history, Inspection::When when) {
  Inspection inspection(door, history, when, content_);
  auto found = inspection.run();
  for (Finding& each : history.take_findings()) found.push_back(std::move(each));
  if (inspection.unreadable()) found.push_back({Finding::Kind::lost, "the store could not be read whole"});
  for (std::uint64_t more = history.duplicate_effects(); more > 0; --more) {
    found.push_back({Finding::Kind::duplicate, "the national server applied a body once more"});
  }
  if (found.empty()) inspection.settle_doubts(history);
  std::ranges::move(found, std::back_inserter(findings_));
  return findings_.empty();
}

// --- retention ------------------------------------------------------------------------------------------------------

// False: the store stopped answering.
bool Round::retain_all(Door& door) {
  storage::Retain what;
  what.settled_before = later;
  what.examine = 20;
  while (true) {
    const auto slice = door.ask<storage::Retained>([&](auto done) { door.store.retain(what, door, std::move(done)); });
    if (!slice) return false;
    if (!slice->next) return true;
    what.after = slice->next;
  }
}

bool Round::retention() {
  auto fs = power_on();
  const bool whole = with_store(fs, store_directory(), history_, Inspection::When::restarted, [&](Door& door) {
    arm(*fs, "retention");
    content_ = Inspection::Content::may_be_erased;
    retain_all(door);
    lose_power(*fs);
    return true;
  });
  if (!whole) return false;
  fs = power_on();
  return with_store(fs, store_directory(), history_, Inspection::When::restarted, [&](Door& door) {
    if (!retain_all(door)) return miss("retention does not come to its end");
    Inspection after(door, history_, Inspection::When::running, content_);
    for (Finding& each : after.run()) findings_.push_back(std::move(each));
    if (after.could_be_erased() != 0) miss("retention left content of what was settled long ago");
    return findings_.empty();
  });
}

// --- backup ---------------------------------------------------------------------------------------------------------

bool Round::make_backup(const std::shared_ptr<PowerLossFs>& fs, Door& door) {
  const auto copied = door.ask<storage::Checkpoint>(
      [&](auto done) { door.store.checkpoint(backup_directory(), door, std::move(done)); });
  return copied && storage::Backups(setup_on(fs)).finish(backup_directory(), {}).has_value();
}

// What is left is a whole backup, or none: never one that passes and is not.
bool Round::backup() {
  auto fs = power_on();
  History snapshot(0);
  const bool whole = with_store(fs, store_directory(), history_, Inspection::When::restarted, [&](Door& door) {
    snapshot = history_;
    arm(*fs, "backup");
    make_backup(fs, door);
    lose_power(*fs);
    return true;
  });
  if (!whole) return false;
  fs = power_on();
  if (!with_store(fs, store_directory(), history_, Inspection::When::restarted, [](Door&) { return true; })) {
    return false;
  }
  image_ = fs->as_it_is();
  fs = power_on();
  const bool says_it_is_whole = storage::Backups(setup_on(fs)).check(backup_directory(), {}).has_value();
  return !says_it_is_whole || put_back(snapshot);
}

// --- restore --------------------------------------------------------------------------------------------------------

void Round::drain(Door& door, History& history, int steps) {
  Workload workload(door, history, history.brief(), dice_.next());
  workload.stop_accepting();
  while (steps-- > 0 && workload.step()) {
  }
}

// The fault of the control.
void Round::queue_again(Door& door, const History& history) {
  const auto lease =
      door.ask<storage::Lease>([&](auto done) { door.store.claim(storage::all_shards(), door, std::move(done)); });
  for (const auto& [id, known] : history.known()) {
    if (known.custody != Known::Custody::acknowledged) continue;
    const auto loaded = door.ask<std::vector<std::optional<storage::Loaded>>>(
        [&](auto done) { door.store.load({storage::LoadRequest{.id = id}}, door, std::move(done)); });
    if (!loaded || !loaded->at(0) || loaded->at(0)->submission.state != storage::State::unknown) continue;
    storage::Settlement again;
    again.id = id;
    again.expected_version = loaded->at(0)->submission.version;
    again.event = storage::Event::repeat_allowed;
    again.epoch = lease ? lease->epoch : 0;
    [[maybe_unused]] const auto done = door.ask<std::vector<storage::Changed>>(
        [&](auto answer) { door.store.settle({again}, door, std::move(answer)); });
  }
}

// Restores the backup on image_ with no cut in the way, and works on with it until most of it is drained.
bool Round::put_back(History& snapshot) {
  auto fs = power_on();
  const auto restored = storage::Backups(setup_on(fs)).restore(backup_directory(), restored_directory(), later, {});
  if (!restored) return miss("the restore does not come to its end: " + restored.error());
  const std::uint64_t had_applied = snapshot.duplicate_effects();
  snapshot.take_effects_of(history_);
  if (snapshot.duplicate_effects() != had_applied) return miss("effects of the lost store are doubled");
  return with_store(fs, restored_directory(), snapshot, Inspection::When::restored, [&](Door& door) {
    if (requeues_) {
      queue_again(door, snapshot);
      Inspection believes(door, snapshot, Inspection::When::running);
      [[maybe_unused]] const auto as_told = believes.run();
      believes.settle_doubts(snapshot);
    }
    drain(door, snapshot, 60);
    return inspect(door, snapshot, Inspection::When::running);
  });
}

// Half a restore is no store: it refuses to open, or it is whole. Looked at on a copy of the disk.
void Round::look_at_half_a_restore(const History& snapshot) {
  History copy = snapshot;
  const auto fs = power_on();
  // Cut before anything was there: no store, as before. That such a place is not taken for a first start is the
  // gateway's to see to (tests/integration/restore_test.py).
  if (storage::find_store_files(restored_directory(), setup_on(fs)).what == storage::StoreFiles::none &&
      storage::not_to_be_opened(restored_directory(), setup_on(fs)).empty()) {
    return;
  }
  const auto [store, why_not] = open_on(fs, {buffer_bytes_, Spoiled::no, restored_directory()});
  if (!store) return;
  Door door(*store, [&s = *store] { return s.pump(); });
  inspect(door, copy, Inspection::When::restored);
  store->close();
}

bool Round::restore(bool after_a_drain) {
  auto fs = power_on();
  History snapshot(0);
  const bool made = with_store(fs, store_directory(), history_, Inspection::When::restarted, [&](Door& door) {
    snapshot = history_;
    if (!make_backup(fs, door)) return miss("no backup could be made");
    // What comes after the copy was taken is delivered, and the disk with all of that is lost.
    drain(door, history_, after_a_drain ? 60 : 8);
    return inspect(door, history_, Inspection::When::running);
  });
  if (!made) return false;
  image_ = fs->as_it_is();
  if (!after_a_drain) {
    fs = power_on();
    arm(*fs, "restore");
    [[maybe_unused]] const auto cut =
        storage::Backups(setup_on(fs)).restore(backup_directory(), restored_directory(), later, {});
    lose_power(*fs);
    look_at_half_a_restore(snapshot);
    if (!findings_.empty()) return false;
  }
  return put_back(snapshot);
}

bool run_round(Round& round, std::size_t kind) {
  switch (kind) {
    case 0:
      return round.retention();
    case 1:
      return round.backup();
    case 2:
      return round.restore(false);
    default:
      return round.restore(true);
  }
}

}  // namespace

int run_upkeep(const UpkeepCrashes& wanted) {
  Report report;
  report.kind = "upkeep";
  std::array<std::uint64_t, kinds.size()> times{};
  std::uint64_t cuts = 0, armed = 0;
  std::optional<SoundStore> sound;
  std::uint64_t of_store = 0;
  std::string caught;
  for (std::uint64_t i = 0; i < wanted.rounds && caught.empty(); ++i) {
    const std::uint64_t seed = wanted.first_seed + i;
    const std::uint64_t store_seed = seed / rounds_on_one_store + 1;
    if (!sound || of_store != store_seed) {
      of_store = store_seed;
      sound = SoundStore::make(store_seed);
      if (!sound) {
        fmt::print("NOT KEPT: upkeep seed={}: no sound store could be made\n", seed);
        return exit_not_kept;
      }
      report.acknowledged += sound->history.acknowledged();
    }
    const std::size_t kind = wanted.restore_requeues ? 3 : seed % kinds.size();
    Round round(*sound, seed, wanted.restore_requeues);
    const bool whole = run_round(round, kind);
    ++report.rounds;
    ++times[kind];
    cuts += round.cut_came() ? 1 : 0;
    armed += round.armed() ? 1 : 0;
    report.add(round.findings());
    const std::string schedule = fmt::format("{} {}", kinds[kind], round.schedule());
    if (wanted.tell) fmt::print("seed {}: {}\n", seed, schedule);
    if (whole) continue;
    if (wanted.restore_requeues) {
      caught = round.findings().front().what;
    } else {
      complain(report.kind, seed, schedule, round.findings());
    }
  }
  if (wanted.restore_requeues) {
    const bool is_caught = !caught.empty() && report.duplicates > 0;
    fmt::print("control restore_requeues: {} after {} restores: {}\n", is_caught ? "caught" : "NOT CAUGHT",
               report.rounds, caught);
    return is_caught ? exit_kept : exit_not_kept;
  }
  if (armed >= 12 && cuts * 2 < armed) {
    fmt::print("NOT KEPT: upkeep: of {} power cuts only {} came in the middle\n", armed, cuts);
    ++report.broken;
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) report.details.emplace_back(std::string(kinds[i]), times[i]);
  report.details.emplace_back("cuts_in_the_middle", cuts);
  fmt::print("{}\n", report.line());
  return report.clean() ? exit_kept : exit_not_kept;
}

}  // namespace titip::crash
