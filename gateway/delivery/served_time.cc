#include "gateway/delivery/served_time.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace titip::delivery {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr int text_version = 1;

}  // namespace

std::string encode(const ServedNote& note) {
  json text{{"version", text_version}, {"served_ms", note.served.count()}, {"stopped_ms", json::object()}};
  for (const auto& [facility, span] : note.stopped) text["stopped_ms"][facility] = span.count();
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<ServedNote, std::string> decode_served(std::string_view bytes) {
  const auto text = json::parse(bytes, nullptr, false);
  if (!text.is_object() || text.value("version", json()) != json(text_version))
    return std::unexpected("this is not a note of served time, or one of another version");
  try {
    ServedNote note;
    note.served = milliseconds(text.at("served_ms").get<std::int64_t>());
    for (const auto& [facility, span] : text.at("stopped_ms").items())
      note.stopped.emplace(facility, milliseconds(span.get<std::int64_t>()));
    return note;
  } catch (const json::exception& error) {
    return std::unexpected(fmt::format("the note of served time is damaged: {}", error.what()));
  }
}

void ServedTime::resume(const ServedNote& note, rules::SteadyTime now) {
  // What passed while it was not known does not count.
  const bool runs = clock_.runs();
  clock_ = rules::ServiceClock(note.served);
  clock_.sendable(runs, now);
  for (auto& [facility, stop] : stops_)
    stop = {.lost = {}, .since = stop.since ? std::optional(note.served) : std::nullopt};
  for (const auto& [facility, span] : note.stopped) stops_[facility].lost = span;
  known_ = true;
}

void ServedTime::stop(const std::string& facility, rules::SteadyTime now) {
  auto& stop = stops_[facility];
  if (!stop.since) stop.since = clock_.served(now);
}

void ServedTime::go_on(std::string_view facility, rules::SteadyTime now) {
  const auto found = stops_.find(facility);
  if (found == stops_.end() || !found->second.since) return;
  found->second = {.lost = found->second.all(clock_.served(now)), .since = std::nullopt};
}

std::optional<milliseconds> ServedTime::of(std::string_view facility, rules::SteadyTime now) const {
  if (!known_) return std::nullopt;
  const auto served = clock_.served(now);
  const auto found = stops_.find(facility);
  return found == stops_.end() ? served : served - found->second.all(served);
}

ServedNote ServedTime::note(rules::SteadyTime now) const {
  ServedNote note{clock_.served(now), {}};
  for (const auto& [facility, stop] : stops_)
    if (const auto all = stop.all(note.served); all.count() > 0) note.stopped.emplace(facility, all);
  return note;
}

}  // namespace titip::delivery
