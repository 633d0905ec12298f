#include "tests/crash/power_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/crash/inspection.h"
#include "tests/crash/store_on_fs.h"
#include "tests/crash/workload.h"

namespace titip::crash {
namespace {

constexpr std::uint32_t most_lives = 8;  // of one chain

struct Sort {
  std::uint32_t weight;
  std::optional<Op> op;
  std::optional<FileKind> files;
  std::uint32_t latest;
};
// Where the power goes: mostly at the log's syncs, and often enough where it is rarest.
constexpr std::array<Sort, 14> sorts{{{28, Op::sync, FileKind::wal, 32},
                                      {8, Op::append, FileKind::wal, 40},
                                      {20, {}, {}, 350},
                                      {6, Op::append, FileKind::manifest, 14},
                                      {6, Op::sync, FileKind::manifest, 14},
                                      {4, Op::create, FileKind::table, 8},
                                      {4, Op::sync, FileKind::table, 8},
                                      {3, Op::sync, FileKind::blob, 2},
                                      {3, Op::rename, {}, 2},
                                      {4, Op::remove, {}, 10},
                                      {5, Op::sync_directory, {}, 14},
                                      {3, Op::overwrite, FileKind::note, 10},
                                      {3, Op::sync, FileKind::note, 10},
                                      {8, {}, {}, 0}}};

Cut cut_by_dice(sampler::Random& dice) {
  std::uint32_t all = 0;
  for (const Sort& sort : sorts) all += sort.weight;
  std::uint32_t die = dice.below(all);
  for (const Sort& sort : sorts) {
    if (die >= sort.weight) {
      die -= sort.weight;
      continue;
    }
    if (sort.latest == 0) return {};
    return {sort.op, sort.files, dice.between(1, sort.latest), dice.chance(0.5)};
  }
  return {};
}

// What the oracle must say of a fault that is built in; anything else that goes wrong does not show that it sees it.
constexpr std::string_view expected_of(Spoiled spoiled) {
  switch (spoiled) {
    case Spoiled::sync_off:
    case Spoiled::disk_lies:
      return "was acknowledged at position";
    case Spoiled::index_outside_the_batch:
      return "should stand there";  // the due index
    case Spoiled::acknowledges_before_the_commit:
      return "a settlement was lost";
    case Spoiled::no:
      break;
  }
  return {};
}

class Chain {
 public:
  Chain(std::uint64_t seed, Spoiled spoiled, bool tell)
      : seed_(seed), spoiled_(spoiled), tell_(tell), dice_(seed, 3), history_(seed) {
    image_.directories.insert(store_directory().string());
    constexpr std::array<std::uint64_t, 3> buffers{24U << 10U, 96U << 10U, 0};
    buffer_bytes_ = buffers[dice_.below(buffers.size())];
  }

  // One life that ends in a power cut. False: something was not kept.
  bool live_and_lose_power();
  // The last: opens over what survived, inspects, stops in order, opens once more.
  bool end();

  const std::vector<Finding>& findings() const { return findings_; }
  std::string schedule() const { return schedule_; }
  std::uint32_t power_cuts() const { return lives_; }
  const History& history() const { return history_; }
  Losses losses;
  std::uint64_t cuts_at_the_operation = 0, cuts_while_opening = 0;

 private:
  StoreOnFs open(const std::shared_ptr<PowerLossFs>& fs) const {
    return open_on(fs, {.buffer_bytes = buffer_bytes_, .spoiled = spoiled_});
  }
  void forge_the_note();
  bool inspect(storage::QueueStore& store, const PowerLossFs& fs, Inspection::When when);
  void work(storage::QueueStore& store, const PowerLossFs& fs);
  bool kept();

  const std::uint64_t seed_;
  const Spoiled spoiled_;
  const bool tell_;
  sampler::Random dice_;
  History history_;
  Image image_;
  std::uint64_t buffer_bytes_ = 0;
  std::uint32_t lives_ = 0;
  std::string schedule_;
  std::vector<Finding> findings_;
};

// A spoiled store is found out by its own note at the next start. The oracle has to find it out too: so the note is
// made to say that all is well.
void Chain::forge_the_note() {
  auto fs = std::make_shared<PowerLossFs>(Disk{.image = image_, .cut = {}, .seed = seed_});
  note_that_all_is_well(fs);
  image_ = fs->as_it_is();
}

bool Chain::kept() {
  for (Finding& each : history_.take_findings()) findings_.push_back(std::move(each));
  if (const std::uint64_t more = history_.duplicate_effects(); more != 0) {
    findings_.insert(findings_.end(), more,
                     {Finding::Kind::duplicate, "the national server applied the same submission once more"});
  }
  return findings_.empty();
}

// A check that the power went off under proves nothing and is left for the next life.
bool Chain::inspect(storage::QueueStore& store, const PowerLossFs& fs, Inspection::When when) {
  Door door(store, [&] { return store.pump(); });
  Inspection inspection(door, history_, when);
  auto findings = inspection.run();
  if (fs.off()) return true;
  if (inspection.unreadable()) findings.push_back({Finding::Kind::lost, "the store could not be read whole"});
  if (findings.empty()) inspection.settle_doubts(history_);
  std::ranges::move(findings, std::back_inserter(findings_));
  return kept();
}

void Chain::work(storage::QueueStore& store, const PowerLossFs& fs) {
  Door door(store, [&] { return store.pump(); });
  Workload workload(door, history_, history_.brief(), dice_.next());
  workload.ask_again();
  for (std::uint32_t steps = dice_.between(5, 32); steps > 0 && !fs.off(); --steps) {
    if (!workload.step()) break;
  }
}

bool Chain::live_and_lose_power() {
  ++lives_;
  const Cut cut = cut_by_dice(dice_);
  schedule_ = fmt::format("life {}: {}; write buffers of {} bytes", lives_, cut.text(), buffer_bytes_);
  if (tell_) {
    std::puts(schedule_.c_str());
    std::fflush(stdout);
  }
  auto fs = std::make_shared<PowerLossFs>(
      Disk{.image = image_, .cut = cut, .seed = dice_.next(), .lies = spoiled_ == Spoiled::disk_lies});
  const auto opened = open(fs);
  const auto& store = opened.store;
  bool whole = true;
  if (!store && !fs->off()) {
    findings_.push_back({Finding::Kind::lost, "the store does not open over what survived: " + opened.why_not});
    whole = false;
  }
  if (!store) ++cuts_while_opening;
  if (store && !fs->off()) whole = inspect(*store, *fs, Inspection::When::restarted);
  if (store && whole && !fs->off()) {
    work(*store, *fs);
    whole = kept();
  }
  const bool stops_first = dice_.chance(0.3);  // the power goes right after an orderly stop
  if (store && stops_first) store->close();
  fs->pull_the_plug();
  cuts_at_the_operation += fs->cut_came() ? 1 : 0;
  image_ = fs->survivors();
  losses += fs->losses();
  if (store) store->close();
  if (spoiled_ != Spoiled::no) forge_the_note();
  return whole;
}

bool Chain::end() {
  schedule_ = fmt::format("after {} lives: opened, stopped in order, opened again", lives_);
  for (const auto when : {Inspection::When::restarted, Inspection::When::restarted}) {
    auto fs = std::make_shared<PowerLossFs>(Disk{.image = image_, .cut = {}, .seed = seed_});
    const auto [store, why_not] = open(fs);
    if (!store) {
      findings_.push_back({Finding::Kind::lost, "the store does not open over what survived: " + why_not});
      return false;
    }
    const bool whole = inspect(*store, *fs, when) && inspect(*store, *fs, Inspection::When::running);
    store->close();
    if (!whole) return false;
    image_ = fs->as_it_is();
  }
  return true;
}

struct Sums {
  Losses losses;
  std::uint64_t at_the_operation = 0, while_opening = 0, changes = 0;
};

}  // namespace

bool run_power_loss(const PowerLoss& wanted) {
  Report report;
  report.kind = "power_loss";
  Sums sums;
  bool caught = false;
  std::string how;
  for (std::uint64_t seed = wanted.first_seed; report.rounds < wanted.rounds; ++seed) {
    Chain chain(seed, wanted.spoiled, wanted.tell);
    bool whole = true;
    for (std::uint32_t life = 0; whole && life < most_lives && report.rounds < wanted.rounds; ++life) {
      whole = chain.live_and_lose_power();
      ++report.rounds;
    }
    whole = whole && chain.end();
    report.acknowledged += chain.history().acknowledged();
    report.add(chain.findings());
    sums.losses += chain.losses;
    sums.at_the_operation += chain.cuts_at_the_operation;
    sums.while_opening += chain.cuts_while_opening;
    sums.changes += chain.history().settled();
    if (whole) continue;
    if (wanted.spoiled == Spoiled::no) {
      complain(report.kind, seed, chain.schedule(), chain.findings());
      continue;
    }
    const auto expected = std::ranges::find_if(chain.findings(), [&](const Finding& each) {
      return each.what.find(expected_of(wanted.spoiled)) != std::string::npos;
    });
    caught = expected != chain.findings().end() && chain.power_cuts() > 0;
    how = (caught ? *expected : chain.findings().front()).what;
    if (caught) break;
  }
  if (wanted.spoiled != Spoiled::no) {
    fmt::print("control {}: {} after {} power cuts{}\n", name(wanted.spoiled), caught ? "caught" : "NOT CAUGHT",
               report.rounds, how.empty() ? "" : ": " + how);
    return caught;
  }
  // Cuts that never come, or take nothing, prove nothing.
  const bool proves = sums.at_the_operation * 3 >= report.rounds && sums.losses.files_cut + sums.losses.names > 0;
  if (report.rounds >= 100 && !proves) {
    fmt::print("NOT KEPT: power_loss: the power hardly ever went where it should, or took nothing\n");
    ++report.broken;
  }
  report.details = {{"changes", sums.changes},
                    {"cuts_at_the_operation", sums.at_the_operation},
                    {"cuts_while_opening", sums.while_opening},
                    {"files_cut", sums.losses.files_cut},
                    {"bytes_dropped", sums.losses.bytes},
                    {"names_undone", sums.losses.names}};
  fmt::print("{}\n", report.line());
  return report.clean();
}

}  // namespace titip::crash
