#include "tests/crash/rotation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "storage/key_file.h"
#include "storage/open.h"
#include "storage/sealing.h"
#include "tests/crash/door.h"
#include "tests/crash/history.h"
#include "tests/crash/loop_disk.h"
#include "tests/crash/report.h"
#include "tests/crash/telling_child.h"
#include "tests/sampler/random.h"

namespace titip::crash {
namespace {

constexpr std::uint64_t disk_bytes = 256ULL << 20U;
constexpr std::uint64_t first_records = 120;
constexpr std::uint64_t crashes_of_one_rotation = 8;
constexpr std::chrono::seconds patience{60};

// One store, its key file and its crashes.
class Rotated {
 public:
  Rotated(std::uint64_t seed, std::filesystem::path scratch, LoopDisk* disk)
      : seed_(seed),
        scratch_(std::move(scratch)),
        disk_(disk),
        root_(disk != nullptr ? disk->path() / "custody" : scratch_ / "custody"),
        dice_(seed, 33),
        intents_(seed) {
    std::filesystem::create_directories(root_ / "store");
    ::sync();
  }

  // Starts the rotation, or goes on with it, and dies on the way. False: it came to its end first, or cannot go on.
  bool crash();
  void finish();
  void inspect();

  const std::vector<Finding>& findings() const { return findings_; }
  const std::map<std::uint64_t, storage::SubmissionId>& acknowledged() const { return acknowledged_; }
  const std::string& schedule() const { return schedule_; }
  std::uint64_t died_rotating() const { return died_rotating_; }

 private:
  bool start();
  void take_up();
  void miss(Finding::Kind kind, std::string what) { findings_.push_back({kind, std::move(what)}); }

  const std::uint64_t seed_;
  const std::filesystem::path scratch_;
  LoopDisk* const disk_;
  const std::filesystem::path root_;
  sampler::Random dice_;
  const Intents intents_;
  TellingChild child_;
  std::uint64_t next_ = 1;
  std::uint64_t died_rotating_ = 0;
  std::string schedule_;
  std::map<std::uint64_t, storage::SubmissionId> acknowledged_;  // by intent
  std::vector<Finding> findings_;
};

bool Rotated::start() {
  return child_.start(
      {this_program().string(), "rotator", "--directory", (root_ / "store").string(), "--seed", std::to_string(seed_),
       "--first", std::to_string(next_), "--records", std::to_string(next_ == 1 ? first_records : 3)},
      scratch_ / "rotator.log");
}

void Rotated::take_up() {
  class Acknowledged : public Witness {
   public:
    explicit Acknowledged(Rotated& rotated) : rotated_(rotated) {}
    void saw(const AcceptAsked& seen) override { rotated_.next_ = std::max(rotated_.next_, seen.said.number + 1); }
    void saw(const AcceptAnswered& seen) override { rotated_.acknowledged_[seen.said.number] = seen.in_custody; }

   private:
    Rotated& rotated_;
  } acknowledged(*this);
  for (const std::string& line : child_.heard()) retell(line, acknowledged);
}

bool Rotated::crash() {
  const std::uint64_t steps = dice_.between(1, 16);
  const auto more = std::chrono::microseconds(dice_.between(0, 6'000));
  schedule_ = fmt::format("{} after step {} of the rotation and {} us", disk_ != nullptr ? "power cut" : "kill -9",
                          steps, more.count());
  if (!start() || !child_.wait_for("ready", patience)) {
    miss(Finding::Kind::lost, "the rotator does not begin: " + child_.error());
    return false;
  }
  const auto told = [&] {
    std::uint64_t seen = 0;
    for (const std::string& line : child_.heard()) seen += line.starts_with("step ") ? 1U : 0U;
    return seen;
  };
  while (told() < steps && !child_.wait_for_end(std::chrono::milliseconds(0))) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  std::this_thread::sleep_for(more);
  const bool rotating = !child_.wait_for_end(std::chrono::milliseconds(0));
  const bool cut = disk_ == nullptr || disk_->cut_power();
  child_.kill();
  take_up();
  died_rotating_ += rotating ? 1 : 0;
  if (!child_.error().empty() && rotating == false) miss(Finding::Kind::broken, child_.error());
  if (!cut || (disk_ != nullptr && (!disk_->unmount() || !disk_->mount()))) {
    miss(Finding::Kind::broken, "the loop device could not be cut, unmounted or mounted again");
  }
  return findings_.empty() && !child_.said("finished");
}

void Rotated::finish() {
  if (!start() || !child_.wait_for("finished", patience)) {
    miss(Finding::Kind::broken, "the rotation does not come to its end: " + child_.error());
  }
  child_.wait_for_end(std::chrono::seconds(10));
  child_.kill();
  take_up();
}

void Rotated::inspect() {
  const auto file = storage::read_key_file(root_ / "titip.keys");
  const auto sealer = storage::Sealer::open(root_ / "titip.keys", false);
  if (!file || !sealer) return miss(Finding::Kind::lost, !file ? file.error() : sealer.error());
  if (file->wrapping.size() != 1) miss(Finding::Kind::broken, "an old key is still in the key file");
  storage::StoreOptions options;
  options.directory = root_ / "store";
  options.free_space_floor_bytes = 0;
  options.ballast_bytes = 0;
  options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms)); };
  options.on_fatal = [](const std::string&) {};
  auto store = storage::open_rocks_store(options);
  if (!store) return miss(Finding::Kind::lost, "the store does not open: " + store.error());
  Door door(**store);
  for (const auto& [number, id] : acknowledged_) {
    const auto loaded = door.ask<std::vector<std::optional<storage::Loaded>>>(
        [&](auto done) { door.store.load({storage::LoadRequest{.id = id, .payload = true}}, door, std::move(done)); });
    if (!loaded || !loaded->at(0)) {
      miss(Finding::Kind::lost, fmt::format("intent {} was acknowledged and is not there", number));
      continue;
    }
    const storage::Submission& s = loaded->at(0)->submission;
    const auto key = sealer->unwrap(id, s.wrapped_key);
    const auto plain = key ? sealer->open(*key, id, "payload", loaded->at(0)->payload) : std::nullopt;
    if (!plain) {
      miss(Finding::Kind::lost, fmt::format("intent {} cannot be opened any more", number));
    } else if (*plain != intents_.payload({number, 1})) {
      miss(Finding::Kind::corrupt_served, fmt::format("intent {} opens to other bytes", number));
    }
    if (sealer->wrapped_by(s.wrapped_key) != storage::Sealer::WrappedBy::current_key) {
      miss(Finding::Kind::broken, fmt::format("intent {} is not under the new key", number));
    }
    storage::Find what;
    what.key = sealer->keyed_hash("crash.key", {std::to_string(number)});
    const auto found =
        door.ask<std::vector<storage::Submission>>([&](auto done) { door.store.find(what, door, std::move(done)); });
    if (!found || found->size() != 1 || found->front().id != id) {
      miss(Finding::Kind::duplicate, fmt::format("intent {} is not recognised when it is said again", number));
    }
  }
  (*store)->close();
}

}  // namespace

int run_key_rotation(const ProcessCrashes& wanted) {
  const std::string no_disk = LoopDisk::why_not();
  if (!no_disk.empty()) fmt::print("key_rotation: NOT RUN: power cuts (kill -9 alone): {}\n", no_disk);
  Report report;
  report.kind = "key_rotation";
  std::uint64_t rotations = 0, died_rotating = 0;
  for (std::uint64_t seed = wanted.first_seed; report.rounds < wanted.rounds; ++seed) {
    const auto scratch = scratch_directory("rotation");
    std::optional<LoopDisk> disk;
    if (no_disk.empty()) {
      auto made = LoopDisk::make(scratch, disk_bytes);
      if (!made) return cannot_go_on(report, made.error());
      disk.emplace(std::move(*made));
    }
    {
      Rotated rotated(seed, scratch, disk ? &*disk : nullptr);
      for (std::uint64_t i = 0; i < crashes_of_one_rotation && report.rounds < wanted.rounds; ++i) {
        const bool goes_on = rotated.crash();
        ++report.rounds;
        if (wanted.tell) fmt::print("seed {}: {}\n", seed, rotated.schedule());
        if (!goes_on) break;
      }
      if (rotated.findings().empty()) rotated.finish();
      if (rotated.findings().empty()) rotated.inspect();
      ++rotations;
      died_rotating += rotated.died_rotating();
      report.acknowledged += rotated.acknowledged().size();
      report.add(rotated.findings());
      if (!rotated.findings().empty()) complain(report.kind, seed, rotated.schedule(), rotated.findings());
    }
    disk.reset();
    std::error_code ignored;
    std::filesystem::remove_all(scratch, ignored);
  }
  if (report.rounds >= 8 && died_rotating * 2 < report.rounds) {
    fmt::print("NOT KEPT: key_rotation: of {} crashes only {} came while it rotated\n", report.rounds, died_rotating);
    ++report.broken;
  }
  report.details = {{"rotations", rotations}, {"died_rotating", died_rotating}};
  fmt::print("{}\n", report.line());
  return report.clean() ? exit_kept : exit_not_kept;
}

}  // namespace titip::crash
