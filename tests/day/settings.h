// What a run is told. Plain data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace titip::day {

struct Settings {
  std::filesystem::path titip;  // the gateway, or a control in its place
  std::filesystem::path sim;
  std::filesystem::path data;     // empty: a fresh directory beside this program
  std::filesystem::path weather;  // empty: the built-in day
  std::uint32_t people = 2000;
  double seconds = 60;
  std::uint64_t seed = 1;
  double drain_limit_s = 60;
  bool kill = true;
  std::uint32_t deaths = 0;  // in place of the one kill: so many, at random moments
  bool faults = false;       // of injected system call failures, where they come in time
  bool keep = false;
  bool quiet = false;
  bool expect_violation = false;
  std::string command_line;  // that repeats this run
};

// The gateway's own times in a compressed day. All of them are ordinary keys of its config.
inline constexpr int response_timeout_ms = 1500;
inline constexpr int late_apply_wait_ms = 4000;
inline constexpr const char* mount = "/pcare-vaksin";
inline constexpr const char* service_base = "/vaksin";
inline constexpr const char* late_entry_reason = "1";

}  // namespace titip::day
