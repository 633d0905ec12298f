// The shipped gateway and a simulated national server in a fresh directory, with short deadlines and small limits, so
// that each is met within seconds. One thread.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/day/child.h"

namespace titip::hostile {

inline constexpr std::size_t share_of_an_address = 300;

class Stage {
 public:
  struct Programs {
    std::filesystem::path titip;
    std::filesystem::path sim;
  };
  struct Front {
    // Not 0: the gateway stands behind proxies in 127.NET.0.0/16, and wants the PROXY protocol of them.
    std::uint8_t proxy_net = 0;
    bool tls = false;  // its clients speak it
  };
  static std::expected<Stage, std::string> set_up(const Programs& programs, Front front);
  Stage(Stage&&) = default;
  Stage& operator=(Stage&&) = delete;
  ~Stage();  // the directory goes, but for a run that keeps it

  std::uint16_t port() const { return port_; }
  double metric(const std::string& name) const;  // -1: not there
  bool gateway_runs() { return gateway_->running(); }
  std::string last_words() const;
  // SIGTERM, and whether it ended in order; a second start finds the store whole.
  bool stop();
  void keep() { kept_ = true; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  Stage() = default;
  std::expected<void, std::string> write_config() const;
  std::expected<void, std::string> make_certificate() const;
  std::expected<void, std::string> wait_for(day::Child& child, std::uint16_t port, const char* target,
                                            const char* what);

  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  std::uint16_t operations_port_ = 0;
  std::uint16_t sim_port_ = 0;
  std::uint16_t control_port_ = 0;
  Front front_;
  bool kept_ = false;
  std::optional<day::Child> sim_;
  std::optional<day::Child> gateway_;
};

}  // namespace titip::hostile
