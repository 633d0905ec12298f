#include "tests/pcare_sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

constexpr std::uint32_t max_page = 20'000;

std::uint32_t number_in(std::string_view query, std::string_view name, std::uint32_t otherwise) {
  const std::string_view text = query_value(query, name);
  std::uint32_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Reply wrong_control(int status, std::string_view pointer, std::string_view sentence) {
  return json_reply(status, fmt::format(R"({{"error":{},"pointer":{}}})", json_string(sentence), json_string(pointer)));
}

}  // namespace

World::World(Options given)
    : options(std::move(given)),
      service(options.rules, options.facilities),
      rest({options.rules.utc_offset, options.rules.now, options.signature_tolerance}, options.consumers),
      weather(options.weather, options.seed),
      capacity(options.capacity_per_s, options.capacity_patience) {}

void World::started(Time now) {
  if (options.weather_from_start) weather.begin(now);
  weather_changed();
}

void World::request_came(Time now) {
  ++service.totals().requests;
  if (weather.begun()) return;
  weather.begin(now);
  weather_changed();
}

void World::replace_weather(std::vector<Spell> script) {
  weather = Weather(std::move(script), options.seed);
  weather.begin(std::chrono::steady_clock::now());
  weather_changed();
}

void World::reset() {
  ++generation;
  service.reset();
  rest.reset();
  weather = Weather(options.weather, options.seed);
  capacity = Capacity(options.capacity_per_s, options.capacity_patience);
  started(std::chrono::steady_clock::now());
}

Reply World::control(std::string_view method, std::string_view target, std::string_view body) {
  const auto mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  const std::uint32_t after = number_in(query, "after", 0);
  const std::uint32_t limit = number_in(query, "limit", max_page);
  if (method == "GET" && path == "/_sim/ledger") return json_reply(200, ledger_json(after, limit));
  if (method == "GET" && path == "/_sim/effects") return json_reply(200, effects_json(after, limit));
  if (method == "GET" && path == "/_sim/stats")
    return json_reply(200, fmt::format(R"({{"totals":{},"rest":{},"refusing":{}}})", service.totals().json(),
                                       rest.totals().json(), refusing));
  if (method == "GET" && path == "/_sim/rest")
    return json_reply(200, fmt::format(R"({{"totals":{},{})", rest.totals().json(),
                                       rest.ledger().effects_json(after, limit).substr(1)));
  if (method == "POST" && path == "/_sim/consumers") return change_consumers(body);
  if (method == "POST" && path == "/_sim/reset") {
    reset();
    return json_reply(200, R"({"reset":true})");
  }
  if (method == "POST" && path == "/_sim/weather") {
    auto script = parse_weather(body);
    if (!script) return wrong_control(400, script.error().pointer, script.error().sentence);
    const auto spells = script->size();
    replace_weather(*std::move(script));
    return json_reply(200, fmt::format(R"({{"spells":{}}})", spells));
  }
  return wrong_control(404, "",
                       "there are GET /_sim/ledger, /_sim/effects, /_sim/stats, /_sim/rest and POST /_sim/weather, "
                       "/_sim/consumers, /_sim/reset");
}

Reply World::change_consumers(std::string_view body) {
  auto consumers = parse_consumers(body);
  if (!consumers) return wrong_control(400, "", consumers.error());
  const auto count = consumers->size();
  rest.replace_consumers(*std::move(consumers));
  return json_reply(200, fmt::format(R"({{"consumers":{}}})", count));
}

std::string World::ledger_json(std::uint32_t after, std::uint32_t limit) const {
  const Ledger& ledger = service.ledger();
  const std::uint32_t from = ledger.first_entry_after(after);
  const std::uint32_t to = from + std::min({limit, max_page, ledger.entry_count() - from});
  std::string out = fmt::format(R"({{"totals":{},"entries":[)", service.totals().json());
  for (std::uint32_t i = from; i < to; ++i) {
    out += i == from ? "\n" : ",\n";
    append_entry_json(out, ledger, i, service.utc_offset());
  }
  out += fmt::format("\n],\"more\":{},\"next_after\":{}}}",
                     to<ledger.entry_count(), to> from ? ledger.entry(to - 1).first : after);
  return out;
}

std::string World::effects_json(std::uint32_t after, std::uint32_t limit) const {
  const Ledger& ledger = service.ledger();
  const std::uint32_t from = std::min(after, ledger.effect_count());
  const std::uint32_t to = from + std::min({limit, max_page, ledger.effect_count() - from});
  std::string out = R"({"effects":[)";
  for (std::uint32_t sequence = from + 1; sequence <= to; ++sequence) {
    out += sequence == from + 1 ? "\n" : ",\n";
    out += effect_json(ledger, sequence, service.utc_offset(), false);
  }
  out += fmt::format("\n],\"more\":{},\"next_after\":{}}}", to < ledger.effect_count(), to);
  return out;
}

}  // namespace titip::pcare_sim
