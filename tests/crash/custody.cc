#include "tests/crash/custody.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <utility>

#include "storage/open.h"

namespace titip::crash {
namespace {

std::vector<std::string> command_of(const CustodianOrders& orders) {
  std::vector<std::string> command{this_program().string(), "custodian"};
  const auto add = [&](const char* option, const auto& value) {
    command.insert(command.end(), {option, fmt::format("{}", value)});
  };
  add("--directory", orders.directory.string());
  add("--brief", orders.brief.string());
  add("--seed", orders.seed);
  add("--floor-bytes", orders.floor_bytes);
  add("--ballast-bytes", orders.ballast_bytes);
  add("--buffer-bytes", orders.buffer_bytes);
  add("--pile", orders.pile);
  add("--steps", orders.steps);
  if (!orders.sync) command.emplace_back("--no-sync");
  if (!orders.sync_point.empty()) {
    add("--sync-point", orders.sync_point);
    add("--hit", orders.hit);
  }
  return command;
}

}  // namespace

Custody::Custody(std::uint64_t seed, std::filesystem::path scratch, std::filesystem::path store_directory)
    : scratch_(std::move(scratch)), store_(std::move(store_directory)), history_(seed) {}

bool Custody::start(CustodianOrders orders, const std::vector<std::string>& before) {
  orders.directory = store_;
  orders.brief = scratch_ / "brief";
  orders_ = orders;
  std::ofstream(orders.brief) << history_.brief().text();
  std::vector<std::string> command = before;
  for (std::string& word : command_of(orders)) command.push_back(std::move(word));
  runs_ = child_.start(command, scratch_ / "custodian.log");
  return runs_;
}

void Custody::kill() {
  child_.kill();
  if (!runs_) return;
  runs_ = false;
  for (const std::string& line : child_.heard()) retell(line, history_);
}

std::vector<Finding> Custody::inspect(Inspection::Content content) {
  std::vector<Finding> findings = history_.take_findings();
  if (const std::uint64_t more = history_.duplicate_effects(); more != 0) {
    findings.insert(findings.end(), more, {Finding::Kind::duplicate, "the national server applied a body once more"});
  }
  storage::StoreOptions options;
  options.directory = store_;
  options.free_space_floor_bytes = orders_.floor_bytes;
  options.ballast_bytes = orders_.ballast_bytes;
  options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms + 3'600'000)); };
  std::atomic<bool> stopped = false;
  options.on_fatal = [&](const std::string&) { stopped = true; };
  auto store = storage::open_rocks_store(options);
  if (!store) {
    findings.push_back({Finding::Kind::lost, "the store does not open: " + store.error()});
    return findings;
  }
  {
    Door door(**store);
    Inspection inspection(door, history_, Inspection::When::restarted, content);
    for (Finding& each : inspection.run()) findings.push_back(std::move(each));
    if (inspection.unreadable() || stopped) {
      findings.push_back({Finding::Kind::lost, "the store could not be read whole"});
    }
    if (findings.empty()) inspection.settle_doubts(history_);
    (*store)->close();
  }
  for (Finding& each : history_.take_findings()) findings.push_back(std::move(each));
  return findings;
}

}  // namespace titip::crash
