// Everything a day stands on: the data directory, the ports, the facilities with their log-ins (made anew for each
// run), the simulated national server and the gateway as child processes. One thread.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/day/child.h"
#include "tests/day/settings.h"

namespace titip::day {

struct FacilityLogin {
  std::string code;
  std::string username;
  std::string password;
};

class Stage {
 public:
  static std::expected<Stage, std::string> set_up(const Settings& settings);

  std::expected<void, std::string> start_simulator();
  // Returns once /readyz says so. `before` goes in front of its command: a tracer.
  std::expected<void, std::string> start_gateway(const std::vector<std::string>& before = {});
  void kill_gateway() { gateway_.kill_now(); }
  bool gateway_running() { return gateway_.running(); }
  bool stop_gateway();  // in order; true if it ended with status 0 in time
  void stop_simulator() { simulator_.stop(std::chrono::seconds(5)); }
  void leave_running();
  void remove_data();
  std::string logs() const;  // the last lines of both, for a person

  const std::filesystem::path& data() const { return data_; }
  const std::vector<FacilityLogin>& facilities() const { return facilities_; }
  std::uint16_t simulator_port() const { return simulator_port_; }
  std::uint16_t control_port() const { return control_port_; }  // the simulator's, which no weather touches
  std::uint16_t front_port() const { return front_port_; }
  std::uint16_t operations_port() const { return operations_port_; }
  pid_t simulator_pid() const { return simulator_.pid(); }
  pid_t gateway_pid() const { return gateway_.pid(); }
  std::string gateway_end() const { return gateway_.how_it_ended(); }
  const Ending& gateway_ending() const { return gateway_.ending(); }
  std::string gateway_words() const;  // what it said since it was last started, the end of it

 private:
  std::expected<void, std::string> write_files();
  std::expected<void, std::string> wait_until_ready(Child& child, std::uint16_t port, const std::string& target,
                                                    const std::filesystem::path& log, const char* what);

  Settings settings_;
  std::filesystem::path data_;
  std::vector<FacilityLogin> facilities_;
  std::uint16_t simulator_port_ = 0, control_port_ = 0, front_port_ = 0, operations_port_ = 0;
  Child simulator_;
  Child gateway_;
  std::uintmax_t said_before_ = 0;  // the length of the gateway's log when it was last started
};

}  // namespace titip::day
