// What all connections of one simulated server share: the service, the weather, the capacity, the clock of the run.
// One thread, the loop's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "tests/pcare_sim/capacity.h"
#include "tests/pcare_sim/replies.h"
#include "tests/pcare_sim/rest_service.h"
#include "tests/pcare_sim/service.h"
#include "tests/pcare_sim/simulator.h"
#include "tests/pcare_sim/weather.h"

namespace titip::pcare_sim {

class Session;

class World {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit World(Options given);

  // Called at the start, and for every request to the service: the weather's clock may begin with it.
  void started(Time now);
  void request_came(Time now);

  // Answers /_sim/…; `target` with its query.
  Reply control(std::string_view method, std::string_view target, std::string_view body);

  void replace_weather(std::vector<Spell> script);
  void reset();
  std::string ledger_json(std::uint32_t after, std::uint32_t limit) const;

  Options options;
  Service service;
  RestService rest;
  Weather weather;
  Capacity capacity;
  bool refusing = false;         // the listener is closed just now
  std::uint64_t generation = 0;  // counts resets: what was under way before one must not be applied after it
  std::unordered_set<Session*> sessions;
  std::function<void()> weather_changed = [] {};

 private:
  Reply change_consumers(std::string_view body);
  std::string effects_json(std::uint32_t after, std::uint32_t limit) const;
};

}  // namespace titip::pcare_sim
