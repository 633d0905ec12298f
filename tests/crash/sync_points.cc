// Kills from inside: the custodian ends itself at a chosen place of RocksDB's flush, manifest, compaction or log.
#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "tests/crash/custody.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/report.h"
#include "tests/sampler/random.h"

namespace titip::crash {
namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::seconds until_it_is_hit{15};
// Small enough that a life of some hundred calls flushes and compacts.
constexpr std::uint64_t buffer_bytes = 12U << 10U;

// Where, and the nth passing up to which a run is sure to come.
struct Point {
  std::string_view name;
  std::uint32_t latest;
};
constexpr std::array points{
    Point{"DBImpl::WriteToWAL:log_entry", 3},
    Point{"DBImpl::BackgroundCallFlush:start", 3},
    Point{"DBImpl::FlushMemTableToOutputFile:AfterPickMemtables", 3},
    Point{"FlushJob::Start", 3},
    Point{"FlushJob::WriteLevel0Table", 3},
    Point{"FlushJob::WriteLevel0Table:num_memtables", 3},
    Point{"FlushJob::InstallResults", 3},
    Point{"DBImpl::FlushJob:SSTFileCreated", 3},
    Point{"DBImpl::FlushMemTableToOutputFile:Finish", 3},
    Point{"DBImpl::BackgroundCallFlush:FilesFound", 3},
    Point{"DBImpl::BackgroundCallFlush:ContextCleanedUp", 3},
    Point{"BlobFileBuilder::WriteBlobToFile:AddRecord", 3},
    Point{"BlobFileBuilder::WriteBlobToFile:AppendFooter", 3},
    Point{"VersionSet::LogAndApply:WriteManifestStart", 3},
    Point{"VersionSet::LogAndApply:WriteManifest", 3},
    Point{"VersionSet::LogAndApply:WriteManifestDone", 3},
    Point{"VersionSet::ProcessManifestWrites:BeforeNewManifest", 1},
    Point{"VersionSet::ProcessManifestWrites:AfterSyncManifest", 3},
    Point{"VersionSet::ProcessManifestWrites:NewVersion", 3},
    Point{"DBImpl::BackgroundCompaction:Start", 3},
    Point{"DBImpl::BackgroundCompaction:NonTrivial", 3},
    Point{"DBImpl::BackgroundCompaction:NonTrivial:AfterRun", 3},
    Point{"DBImpl::BackgroundCompaction:TrivialMove", 3},
    Point{"CompactionJob::Run():Start", 3},
    Point{"CompactionJob::Run():Inprogress", 3},
    Point{"CompactionJob::OpenCompactionOutputFile", 3},
    Point{"CompactionJob::FinishCompactionOutputFile1", 3},
    Point{"CompactionJob::Run():End", 3},
    Point{"DBImpl::BackgroundCallCompaction:FoundObsoleteFiles", 3},
    Point{"DBImpl::BackgroundCallCompaction:PurgedObsoleteFiles", 3},
    Point{"DBImpl::RecoverLogFiles:BeforeReadWal", 1},
    Point{"DBImpl::RecoverLogFiles:BeforeFlushFinalMemtable", 1},
    Point{"WritableFileWriter::Flush:BeforeAppend", 3},
};

}  // namespace

int run_sync_points(const ProcessCrashes& wanted) {
  if (::dlsym(RTLD_DEFAULT, "_ZN7rocksdb9SyncPoint11GetInstanceEv") == nullptr) {
    return skipped("sync_points", "this librocksdb was built without its sync points");
  }
  Report report;
  report.kind = "sync_points";
  std::uint64_t not_hit = 0;
  const auto scratch = scratch_directory("sync-points");
  for (std::uint64_t round = 0; round < wanted.rounds; ++round) {
    const std::uint64_t seed = wanted.first_seed + round;
    const auto& [name, latest] = points[seed % points.size()];
    const std::string point(name);
    sampler::Random dice(seed, 11);
    CustodianOrders orders;
    orders.seed = dice.next();
    orders.buffer_bytes = buffer_bytes;
    orders.sync_point = point;
    orders.hit = dice.between(1, latest);
    const std::string schedule = fmt::format("killed at {}, the {}. time it is passed", point, orders.hit);
    std::filesystem::remove_all(scratch / "data");
    Custody custody(seed, scratch, scratch / "data");
    // A life before, killed anywhere, so that there is something to compact.
    CustodianOrders before;
    before.seed = dice.next();
    before.buffer_bytes = buffer_bytes;
    std::vector<Finding> findings;
    const bool began = custody.start(before) && custody.child().wait_for_answers(dice.between(40, 160), patience);
    if (!began) findings.push_back({Finding::Kind::lost, "the first life did not begin: " + custody.child().error()});
    custody.kill();
    if (findings.empty()) findings = custody.inspect();
    if (findings.empty() && custody.start(orders)) {
      custody.child().wait_for("hit ", until_it_is_hit);
      custody.child().wait_for_end(std::chrono::seconds(1));
      const bool hit = custody.child().said("hit " + point);
      custody.kill();
      if (!hit) {
        ++not_hit;
        findings.push_back({Finding::Kind::broken, "the point was never passed: " + custody.child().error()});
      }
      for (Finding& each : custody.inspect()) findings.push_back(std::move(each));
    }
    ++report.rounds;
    report.acknowledged += custody.history().acknowledged();
    report.add(findings);
    if (wanted.tell) fmt::print("seed {}: {}\n", seed, schedule);
    if (!findings.empty()) complain(report.kind, seed, schedule, findings);
  }
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  report.details = {{"points", std::min<std::uint64_t>(points.size(), wanted.rounds)}, {"not_hit", not_hit}};
  fmt::print("{}\n", report.line());
  return report.clean() ? exit_kept : exit_not_kept;
}

}  // namespace titip::crash
