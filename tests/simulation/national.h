// The simulated national server: a ledger of what it applied, behind the weather. It outlives the gateway's deaths. Its
// worst habits: it applies late, at most `late_apply` after the caller gave up or died; it recognises no duplicate,
// unless it honours the idempotency key. One thread, on the agenda's time.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unordered_map>

#include "tests/simulation/agenda.h"
#include "tests/simulation/records.h"
#include "tests/simulation/weather.h"
#include "upstream/client/transport.h"

namespace titip::simulation {

class National {
 public:
  static constexpr milliseconds gives_up{20'000};            // the gateway's time-out
  static constexpr milliseconds late_apply = latest_effect;  // after that, or after its death

  struct Options {
    bool honours_keys = false;
    bool slow = false;
  };
  National(const tests::FakeClock& clock, Agenda& agenda, Records& records, Findings& findings, Weather weather,
           Options options, std::uint64_t seed);

  // What it will answer, and when.
  struct Answer {
    rules::Exchange exchange;
    milliseconds after{0};
  };
  Answer arrive(const client::OutboundRequest& request);
  void gateway_died();
  // Whether it may still apply a write of this person to any effect; `key`: but for one that bears this key, where keys
  // are honoured.
  bool fails_everybody() const { return weather_.at(since_start()).serves_nobody(); }
  bool still_working_on(const std::string& nik, std::string_view key = {}) const;

  // When that may change.
  const std::vector<Spell>& spells() const { return weather_.spells(); }

  std::set<std::string> locked_out;  // facilities whose credentials it refuses now
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;

 private:
  struct Write {
    Form* form = nullptr;
    std::string key;
    nlohmann::json body;
  };
  struct Late {
    Write write;
    Agenda::Id at;
  };
  Answer answer_write(const client::OutboundRequest& request);
  Answer decide_write(Write write, Fate fate);
  Answer answer_login(const client::OutboundRequest& request, Fate fate);
  rules::Exchange read(std::string_view target) const;
  void tell_of_look(std::string_view target) const;
  Answer fail(Fate fate);
  void apply(const Write& write);
  void apply_in(milliseconds delay, Write write);
  void typed_in_by_hand(const Write& write);
  milliseconds since_start() const;
  milliseconds latency();

  const tests::FakeClock& clock_;
  Agenda& agenda_;
  Records& records_;
  Findings& findings_;
  Weather weather_;
  Options options_;
  sampler::Random random_;
  clock::SteadyTime started_;
  std::map<std::uint64_t, Late> late_;
  std::uint64_t next_late_ = 0;
  std::map<std::string, nlohmann::json, std::less<>> people_;                          // by nik
  std::map<std::string, std::map<std::string, nlohmann::json>, std::less<>> tickets_;  // by ticket, then dose
  std::set<std::string> logged_out_;
  std::set<std::string> keys_seen_;
};

}  // namespace titip::simulation
