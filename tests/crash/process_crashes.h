// Crashes of a custodian process (custodian.h): power cuts of a real file system, kills at RocksDB's sync points, a
// disk that fills up and is freed. Each prints its line; what this machine cannot do is skipped aloud.
#pragma once

#include <cstdint>
#include <string>

namespace titip::crash {

inline constexpr int exit_kept = 0;
inline constexpr int exit_not_kept = 1;
inline constexpr int exit_not_possible_here = 77;

struct ProcessCrashes {
  std::uint64_t first_seed = 1;
  std::uint64_t rounds = 0;
  bool tell = false;
};

// `control`: empty, "sync_off" or "disk_lies" (a tracer swallows every sync); then the exit status is exit_kept if the
// oracle caught it.
int run_ext4(const ProcessCrashes& wanted, const std::string& control);
int run_sync_points(const ProcessCrashes& wanted);
int run_disk_full(const ProcessCrashes& wanted);
// Damage in every kind of file, in a process of its own, for RocksDB may abort over it.
int run_byte_flips(const ProcessCrashes& wanted);
// Files that are gone, and a first log record that cannot be read; likewise in a process of its own.
int run_lost_files(const ProcessCrashes& wanted);

// Says aloud that a kind cannot run here.
int skipped(const std::string& kind, const std::string& why);

}  // namespace titip::crash
