#include "gateway/queue_words.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/pause_end.h"
#include "gateway/say.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view row = "{:<26}  {:<9}  {:<18}  {:<10}  {:>6}  {:>5}  {:<16}  {}\n";

std::string text(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::int64_t number(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

// As the gateway wrote it, or in the zone people live in.
std::string moment(const std::string& rfc3339, std::chrono::minutes utc_offset) {
  const auto whole_seconds = rfc3339.substr(0, rfc3339.find('.')) + "Z";
  const auto at = next_time(whole_seconds, clock::WallTime{}, utc_offset);
  if (rfc3339.empty() || !at) return rfc3339;
  return fmt::format("{} {} {}", clock::local_date(*at, utc_offset),
                     clock::local_hour_minute(*at, utc_offset) + rfc3339.substr(16, 3), clock::zone_name(utc_offset));
}

void add_attempt(std::string& out, const ordered_json& attempt, std::chrono::minutes utc_offset) {
  const bool is_probe = attempt.value("probe", false);
  out += fmt::format(
      "  {:>3}  {}  {:<5}  {:<19}  {}", number(attempt, "number"), moment(text(attempt, "opened_at"), utc_offset),
      is_probe ? words::tell("asked") : words::tell("sent"), text(attempt, "outcome"), text(attempt, "rule"));
  if (const auto status = number(attempt, "http_status"); status != 0) out += fmt::format(" (HTTP {})", status);
  out += '\n';
  if (const auto words = text(attempt, "words"); !words.empty()) out += fmt::format("       {}\n", words);
}

}  // namespace

std::string age_words(std::int64_t seconds) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  if (seconds < 2 * minute) return words::tell("{} s", seconds);
  if (seconds < 2 * hour) return words::tell("{} min", seconds / minute);
  if (seconds < 2 * day) return words::tell("{} h", seconds / hour);
  return words::tell("{} d", seconds / day);
}

std::string list_heading() {
  return fmt::format(fmt::runtime(row), "id", words::tell("state"), words::tell("destination"), words::tell("facility"),
                     words::tell("age"), words::tell("tries"), words::tell("person"), words::tell("why"));
}

std::string list_line(const ordered_json& item) {
  const auto hold = text(item, "hold_reason");
  const auto why = hold.empty() || hold == "none" ? text(item, "outcome_rule") : hold;
  return fmt::format(fmt::runtime(row), text(item, "id"), text(item, "state"), text(item, "destination"),
                     text(item, "facility"), age_words(number(item, "age_s")), number(item, "attempts_counted"),
                     text(item, "person"), why);
}

std::string advice_lines(const ordered_json& item) {
  const auto to_do = item.find("to_do");
  if (to_do == item.end() || !to_do->is_object()) return {};
  std::string out;
  const auto words = text(item, "server_words");
  for (const auto& line : {words, text(*to_do, "id"), text(*to_do, "en")})
    if (!line.empty()) out += fmt::format("    {}\n", line);
  return out;
}

std::string record_text(const ordered_json& record, std::chrono::minutes utc_offset) {
  std::string out;
  const auto line = [&out](std::string_view what, const std::string& value) {
    if (!value.empty()) out += fmt::format("{:<13} {}\n", what, value);
  };
  const auto at = [&](const char* key) { return moment(text(record, key), utc_offset); };
  const auto hold = text(record, "hold_reason");
  line(words::tell("record"), text(record, "id"));
  line(words::tell("receipt"), text(record, "receipt"));
  line(words::tell("state"), text(record, "state") + (hold.empty() || hold == "none" ? "" : " (" + hold + ")"));
  line(words::tell("destination"), text(record, "destination"));
  line(words::tell("facility"), text(record, "facility"));
  line(words::tell("route"), text(record, "route"));
  line(words::tell("person"), text(record, "person"));
  line(words::tell("accepted"), at("accepted_at"));
  line(words::tell("due"), at("due_at"));
  line(words::tell("deadline"), at("deadline"));
  line(words::tell("settled"), at("settled_at"));
  line(words::tell("decided by"), text(record, "outcome_rule"));
  line(words::tell("waits for"), text(record, "waits_for"));
  line(words::tell("repeats"), text(record, "replaces"));
  line(words::tell("repeated by"), text(record, "replaced_by"));
  line(words::tell("note"), own_of(record, "note"));
  if (const auto edited = record.find("edited"); edited != record.end() && edited->is_object()) {
    for (const auto& change : edited->value("changes", ordered_json::array()))
      line(words::tell("edited"),
           fmt::format("{}: {} -> {}", text(change, "pointer"), text(change, "from"), text(change, "to")));
  }
  if (const auto to_do = record.find("to_do"); to_do != record.end() && to_do->is_object()) {
    // In Indonesian for everybody in the room, in English beside it for whoever did not ask for Indonesian.
    line(words::text("what to do").in(words::Language::id), text(*to_do, "id"));
    if (words::spoken() != words::Language::id) line(words::tell("what to do"), text(*to_do, "en"));
  }
  const auto attempts = record.find("attempts");
  if (attempts == record.end() || !attempts->is_array() || attempts->empty())
    return out + "\n" + words::tell("Never sent.") + "\n";
  out += "\n" + words::tell("attempts") + "\n";
  for (const auto& attempt : *attempts) add_attempt(out, attempt, utc_offset);
  return out;
}

std::string shape_text(const ordered_json& shape) {
  const auto minutes = shape.value("younger_than_minutes", ordered_json::array());
  const auto cell = [](const std::string& value) { return fmt::format(" {:>8}", value); };
  std::string out = fmt::format("{:<20}", words::tell("minutes")) + cell(words::tell("waiting"));
  for (const auto& each : minutes) out += cell("<" + each.dump());
  out += cell(minutes.empty() ? "" : minutes.back().dump() + "+") + "\n";
  std::vector<std::uint64_t> sums(minutes.size() + 2);
  for (const auto& each : shape.value("destinations", ordered_json::array())) {
    std::vector<std::uint64_t> cells{each.value("waiting", std::uint64_t{0})};
    for (const auto& count : each.value("by_age", ordered_json::array())) cells.push_back(count.get<std::uint64_t>());
    out += fmt::format("{:<20}", text(each, "destination"));
    for (std::size_t at = 0; at < cells.size() && at < sums.size(); ++at) {
      sums[at] += cells[at];
      out += cell(std::to_string(cells[at]));
    }
    out += '\n';
  }
  out += fmt::format("{:<20}", "together");
  for (const auto sum : sums) out += cell(std::to_string(sum));
  return out + "\n";
}

}  // namespace titip::gateway
