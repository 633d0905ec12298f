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
// Small enough that a life of some hundred calls flushes and compacts.
constexpr std::uint64_t buffer_bytes = 12U << 10U;

constexpr std::array points{
    std::string_view("DBImpl::WriteToWAL:log_entry"),
    std::string_view("DBImpl::BackgroundCallFlush:start"),
    std::string_view("DBImpl::FlushMemTableToOutputFile:AfterPickMemtables"),
    std::string_view("FlushJob::Start"),
    std::string_view("FlushJob::WriteLevel0Table"),
    std::string_view("FlushJob::WriteLevel0Table:num_memtables"),
    std::string_view("FlushJob::InstallResults"),
    std::string_view("DBImpl::FlushJob:SSTFileCreated"),
    std::string_view("DBImpl::FlushMemTableToOutputFile:Finish"),
    std::string_view("DBImpl::BackgroundCallFlush:FilesFound"),
    std::string_view("DBImpl::BackgroundCallFlush:ContextCleanedUp"),
    std::string_view("MemTableList::TryInstallMemtableFlushResults:InProgress"),
    std::string_view("MemTableList::TryInstallMemtableFlushResults:AfterComputeMinWalToKeep"),
    std::string_view("BlobFileBuilder::WriteBlobToFile:AddRecord"),
    std::string_view("BlobFileBuilder::WriteBlobToFile:AppendFooter"),
    std::string_view("VersionSet::LogAndApply:WriteManifestStart"),
    std::string_view("VersionSet::LogAndApply:WriteManifest"),
    std::string_view("VersionSet::LogAndApply:WriteManifestDone"),
    std::string_view("VersionSet::ProcessManifestWrites:BeforeNewManifest"),
    std::string_view("VersionSet::ProcessManifestWrites:AfterSyncManifest"),
    std::string_view("VersionSet::ProcessManifestWrites:NewVersion"),
    std::string_view("DBImpl::BackgroundCompaction:Start"),
    std::string_view("DBImpl::BackgroundCompaction:NonTrivial"),
    std::string_view("DBImpl::BackgroundCompaction:NonTrivial:AfterRun"),
    std::string_view("DBImpl::BackgroundCompaction:TrivialMove"),
    std::string_view("CompactionJob::Run():Start"),
    std::string_view("CompactionJob::Run():Inprogress"),
    std::string_view("CompactionJob::OpenCompactionOutputFile"),
    std::string_view("CompactionJob::FinishCompactionOutputFile1"),
    std::string_view("CompactionJob::Run():End"),
    std::string_view("CompactionJob::Install"),
    std::string_view("DBImpl::BackgroundCallCompaction:FoundObsoleteFiles"),
    std::string_view("DBImpl::BackgroundCallCompaction:PurgedObsoleteFiles"),
    std::string_view("WalManager::PurgeObsoleteFiles:1"),
    std::string_view("DBImpl::Open::BeforeSyncWAL"),
    std::string_view("DBImpl::RecoverLogFiles:BeforeReadWal"),
    std::string_view("DBImpl::RecoverLogFiles:BeforeFlushFinalMemtable"),
    std::string_view("WritableFileWriter::Flush:BeforeAppend"),
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
    const std::string point(points[seed % points.size()]);
    sampler::Random dice(seed, 11);
    CustodianOrders orders;
    orders.seed = dice.next();
    orders.buffer_bytes = buffer_bytes;
    orders.sync_point = point;
    orders.hit = dice.between(1, 3);
    const std::string schedule = fmt::format("killed at {}, the {}. time it is passed", point, orders.hit);
    std::filesystem::remove_all(scratch / "data");
    Custody custody(seed, scratch, scratch / "data");
    // A life before, killed anywhere, so that there is something to compact.
    CustodianOrders before;
    before.seed = dice.next();
    before.buffer_bytes = buffer_bytes;
    std::vector<Finding> findings;
    const bool began = custody.start(before) && custody.wait_for_answers(dice.between(40, 160), patience);
    if (!began) findings.push_back({Finding::Kind::lost, "the first life did not begin: " + custody.error()});
    custody.kill();
    if (findings.empty()) findings = custody.inspect();
    if (findings.empty() && custody.start(orders)) {
      custody.wait_for("hit ", patience);
      custody.wait_for_end(std::chrono::seconds(5));
      const bool hit = custody.said("hit " + point);
      custody.kill();
      if (!hit) {
        ++not_hit;
        findings.push_back({Finding::Kind::broken, "the point was never passed: " + custody.error()});
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
