// titip_crash: the crash tests' own program. tests/run.sh crash runs it; see --help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "tests/crash/custodian.h"
#include "tests/crash/power_loss.h"
#include "tests/crash/process_crashes.h"
#include "tests/crash/rotation.h"
#include "tests/crash/upkeep.h"

namespace {

constexpr int exit_usage = 2;

void add_rounds(CLI::App& command, titip::crash::ProcessCrashes& wanted) {
  command.add_option("--rounds", wanted.rounds, "how many")->required();
  command.add_option("--seed", wanted.first_seed, "of the first")->capture_default_str();
  command.add_flag("--tell", wanted.tell, "say each schedule");
}

CLI::App* add_custodian(CLI::App& app, titip::crash::CustodianOrders& orders, bool& no_sync) {
  auto* command = app.add_subcommand("custodian", "a process that has a store until it is killed; the others start it");
  command->add_option("--directory", orders.directory)->required();
  command->add_option("--brief", orders.brief)->required();
  command->add_option("--seed", orders.seed);
  command->add_option("--floor-bytes", orders.floor_bytes);
  command->add_option("--ballast-bytes", orders.ballast_bytes);
  command->add_option("--buffer-bytes", orders.buffer_bytes);
  command->add_option("--pile", orders.pile);
  command->add_option("--steps", orders.steps);
  command->add_option("--sync-point", orders.sync_point);
  command->add_option("--hit", orders.hit);
  command->add_flag("--no-sync", no_sync);
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace titip::crash;
  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  CLI::App app(
      "Crashes a store in every way that works on this machine, and judges from outside what was kept.\n"
      "Exit status: 0 all was kept (of a control: it was caught), 1 not, 2 could not be run, 77 not possible here.");
  app.require_subcommand(1);

  PowerLoss power_loss;
  std::string control;
  auto* power = app.add_subcommand("power_loss", "power cuts under a store in this process");
  power->add_option("--rounds", power_loss.rounds, "power cuts")->required();
  power->add_option("--seed", power_loss.first_seed, "of the first chain")->capture_default_str();
  power->add_option("--control", control, "a fault built in on purpose, which must be caught");
  power->add_flag("--tell", power_loss.tell, "say each schedule");

  ProcessCrashes crashes;
  auto* ext4 = app.add_subcommand("ext4", "power cuts of a real file system on a loop device (root)");
  add_rounds(*ext4, crashes);
  ext4->add_option("--control", control, "sync_off or disk_lies");
  auto* points = app.add_subcommand("sync_points", "kills inside RocksDB's flush, manifest, compaction and log");
  add_rounds(*points, crashes);
  auto* full = app.add_subcommand("disk_full", "a disk that fills up and is freed (root)");
  add_rounds(*full, crashes);
  auto* flips = app.add_subcommand("byte_flips", "damage in every kind of file: detected or harmless, never served");
  add_rounds(*flips, crashes);
  auto* gone = app.add_subcommand("lost_files", "a file is gone, or a log's first record: refused untouched, or whole");
  add_rounds(*gone, crashes);

  bool requeues = false;
  auto* upkeep = app.add_subcommand("upkeep", "power cuts in retention, backup and restore; a restore after a drain");
  add_rounds(*upkeep, crashes);
  upkeep->add_flag("--restore-requeues", requeues, "the control: what was pending is queued again after a restore");

  auto* rotation = app.add_subcommand("key_rotation", "a key rotation that dies again and again");
  add_rounds(*rotation, crashes);
  RotatorOrders rotator_orders;
  auto* rotator = app.add_subcommand("rotator", "a process that rotates keys; key_rotation starts it");
  rotator->add_option("--directory", rotator_orders.directory)->required();
  rotator->add_option("--seed", rotator_orders.seed);
  rotator->add_option("--first", rotator_orders.first);
  rotator->add_option("--records", rotator_orders.records);

  CustodianOrders orders;
  bool no_sync = false;
  const auto* custodian = add_custodian(app, orders, no_sync);
  CLI11_PARSE(app, argc, argv);

  if (*custodian) {
    orders.sync = !no_sync;
    return run_custodian(orders);
  }
  if (*ext4) return run_ext4(crashes, control);
  if (*points) return run_sync_points(crashes);
  if (*full) return run_disk_full(crashes);
  if (*rotator) return run_rotator(rotator_orders);
  if (*rotation) return run_key_rotation(crashes);
  if (*upkeep) return run_upkeep({crashes.first_seed, crashes.rounds, crashes.tell, requeues});
  if (*flips) return run_byte_flips(crashes);
  if (*gone) return run_lost_files(crashes);
  const auto spoiled = spoiled_named(control.empty() ? "none" : control);
  if (!spoiled) {
    fmt::print(stderr, "titip_crash: there is no control '{}'\n", control);
    return exit_usage;
  }
  power_loss.spoiled = *spoiled;
  return run_power_loss(power_loss) ? exit_kept : exit_not_kept;
}
