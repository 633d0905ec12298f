#include "gateway/delivery/outages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"

namespace titip::delivery {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int text_version = 1;

std::string csv_field(std::string_view text) {
  // What a spreadsheet would take for a formula is made a text.
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").contains(text.front());
  std::string field = formula ? "'" + std::string(text) : std::string(text);
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

std::optional<Outage> OutageLog::changed(const Now& now) {
  if (!open_) {
    if (now.available) return std::nullopt;
    open_ = Outage{destination_, now.at, std::nullopt, now.cause, 0, now.pending, now.accepted_so_far};
    return open_;
  }
  // A counter that was computed anew may stand lower than it did; what was counted once stays.
  if (now.accepted_so_far >= open_->accepted_before + open_->accepted_meanwhile)
    open_->accepted_meanwhile = now.accepted_so_far - open_->accepted_before;
  open_->delayed = now.pending;
  if (!now.available) return open_;
  open_->ended_at = now.at;
  return std::exchange(open_, std::nullopt);
}

std::string object_prefix(std::string_view destination) {
  return fmt::format("{}/", destination);
}

std::string object_name(const Outage& outage) {
  return fmt::format("{}{:015}", object_prefix(outage.destination), outage.began_at.time_since_epoch().count());
}

std::string encode(const Outage& outage) {
  json text{{"version", text_version},
            {"destination", outage.destination},
            {"began_at_ms", outage.began_at.time_since_epoch().count()},
            {"cause", outage.cause},
            {"accepted_meanwhile", outage.accepted_meanwhile},
            {"delayed", outage.delayed},
            {"accepted_before", outage.accepted_before}};
  if (outage.ended_at) text["ended_at_ms"] = outage.ended_at->time_since_epoch().count();
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<Outage, std::string> decode_outage(std::string_view bytes) {
  const auto text = json::parse(bytes, nullptr, false);
  const auto version = text.is_object() ? text.find("version") : text.end();
  if (version == text.end() || *version != text_version)
    return std::unexpected("this is not the record of an outage, or one of another version");
  const auto time = [&](const char* key) {
    return WallTime(std::chrono::milliseconds(text.at(key).get<std::int64_t>()));
  };
  try {
    Outage outage{text.at("destination"),    time("began_at_ms"),           std::nullopt,
                  text.at("cause"),          text.at("accepted_meanwhile"), text.at("delayed"),
                  text.at("accepted_before")};
    if (text.contains("ended_at_ms")) outage.ended_at = time("ended_at_ms");
    return outage;
  } catch (const json::exception& error) {
    return std::unexpected(fmt::format("the record of an outage is damaged: {}", error.what()));
  }
}

std::optional<std::chrono::seconds> lasted(const Outage& outage) {
  if (!outage.ended_at || *outage.ended_at < outage.began_at) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*outage.ended_at - outage.began_at);
}

std::string csv_header() {
  return "destination,began_at,ended_at,seconds,cause,accepted_meanwhile,delayed\r\n";
}

std::string csv_line(const Outage& outage) {
  const auto span = lasted(outage);
  return fmt::format("{},{},{},{},{},{},{}\r\n", csv_field(outage.destination), clock::rfc3339(outage.began_at),
                     outage.ended_at ? clock::rfc3339(*outage.ended_at) : "", span ? std::to_string(span->count()) : "",
                     csv_field(outage.cause), outage.accepted_meanwhile, outage.delayed);
}

std::string json_object(const Outage& outage) {
  ordered_json object{{"destination", outage.destination}, {"began_at", clock::rfc3339(outage.began_at)}};
  object["ended_at"] = outage.ended_at ? ordered_json(clock::rfc3339(*outage.ended_at)) : ordered_json(nullptr);
  const auto span = lasted(outage);
  object["seconds"] = span ? ordered_json(span->count()) : ordered_json(nullptr);
  object["cause"] = outage.cause;
  object["accepted_meanwhile"] = outage.accepted_meanwhile;
  object["delayed"] = outage.delayed;
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace titip::delivery
