// The simulated national server, to embed in a test or to run as a program. It has one loop on one thread of its own.
// The public functions may be called from any thread but that one; they wait for the loop where they must.
//
// Control, never subject to weather or capacity:
//   GET  /_sim/ledger?after=SEQ&limit=N   totals, and per natural key the effects and final values, in the order of
//   first
//                                         effects; "more" and "next_after" page on (20,000 keys a page at most)
//   GET  /_sim/effects?after=SEQ&limit=N  the effects one by one in their order
//   GET  /_sim/stats                      totals alone
//   GET  /_sim/rest?after=SEQ&limit=N     P-Care REST: its totals and effects, with the numbers given and quoted
//   POST /_sim/consumers                  other secrets or passwords from now on (like --consumers-file)
//   POST /_sim/weather                    replaces the script; its clock starts now
//   POST /_sim/reset                      forgets everything; the first script starts over
// While the weather refuses connections these too are out of reach, unless a control listener was asked for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pcare_sim/consumers.h"
#include "tests/pcare_sim/facilities.h"
#include "tests/pcare_sim/service.h"
#include "tests/pcare_sim/totals.h"
#include "tests/pcare_sim/weather.h"

namespace titip::pcare_sim {

struct Options {
  std::string listen = "127.0.0.1:0";  // address:port; port 0 picks a free one
  std::string control;                 // a second listener for /_sim alone; empty: none
  std::string base = "/vaksin";
  std::vector<Facility> facilities;  // none: open to every x-kdppk
  std::vector<Consumer> consumers;   // of P-Care REST; none: those services let nobody in
  std::chrono::seconds signature_tolerance{300};
  std::vector<Spell> weather;
  bool weather_from_start = false;  // otherwise its clock starts at the first request
  std::uint64_t seed = 1;
  std::uint32_t capacity_per_s = 0;  // 0: unlimited
  std::chrono::milliseconds capacity_patience{2'000};
  std::string ledger_log;  // a file; empty: none
  ServiceRules rules;
  // Limits, so that no client can blow it up.
  std::uint32_t max_header_bytes = 16U << 10U;
  std::uint32_t max_body_bytes = 1U << 20U;
  std::size_t max_connections = 8'192;
  std::chrono::seconds max_idle{120};  // between requests, for one to arrive whole, or for an answer to be taken
  std::chrono::seconds max_hang{300};  // how long a hanging request is kept
};

class Simulator {
 public:
  // The error is a sentence for a person.
  static std::expected<std::unique_ptr<Simulator>, std::string> start(Options options);
  ~Simulator();  // stops
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  std::uint16_t port() const;
  std::uint16_t control_port() const;  // 0 without a control listener
  std::string base_url() const;        // "http://127.0.0.1:4711/vaksin"

  // The same as the /_sim calls, for tests in this process.
  void set_weather(std::vector<Spell> script);
  Totals totals() const;
  std::string ledger_json(std::uint32_t after = 0, std::uint32_t limit = 20'000) const;

  // Closes every connection; what was to be applied late is dropped. The ledger can still be read.
  void stop();

 private:
  class Loop;
  explicit Simulator(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace titip::pcare_sim
