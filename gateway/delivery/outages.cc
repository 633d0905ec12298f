#include "gateway/delivery/outages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"

namespace titip::delivery {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int text_version = 1;

std::optional<std::int64_t> seconds_of(const Outage& outage) {
  if (!outage.ended_at) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*outage.ended_at - outage.began_at).count();
}

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

void OutageLog::resume(Outage open, std::uint64_t accepted_so_far) {
  accepted_before_ = accepted_so_far - open.accepted_meanwhile;
  open_ = std::move(open);
}

std::optional<Outage> OutageLog::changed(const Now& now) {
  if (!open_) {
    if (now.available) return std::nullopt;
    open_ = Outage{destination_, now.at, std::nullopt, now.cause, 0, now.pending};
    accepted_before_ = now.accepted_so_far;
    return open_;
  }
  open_->accepted_meanwhile = now.accepted_so_far - accepted_before_;
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
            {"delayed", outage.delayed}};
  if (outage.ended_at) text["ended_at_ms"] = outage.ended_at->time_since_epoch().count();
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<Outage, std::string> decode_outage(std::string_view bytes) {
  const auto text = json::parse(bytes, nullptr, false);
  if (text.is_discarded() || !text.is_object() || text.value("version", 0) != text_version) {
    return std::unexpected("this is not the record of an outage, or one of another version");
  }
  const auto time = [&](const char* key) {
    return WallTime(std::chrono::milliseconds(text.at(key).get<std::int64_t>()));
  };
  try {
    Outage outage{text.at("destination"), time("began_at_ms"),           std::nullopt,
                  text.at("cause"),       text.at("accepted_meanwhile"), text.at("delayed")};
    if (text.contains("ended_at_ms")) outage.ended_at = time("ended_at_ms");
    return outage;
  } catch (const json::exception& error) {
    return std::unexpected(fmt::format("the record of an outage is damaged: {}", error.what()));
  }
}

std::string to_csv(std::span<const Outage> outages) {
  std::string text = "destination,began_at,ended_at,seconds,cause,accepted_meanwhile,delayed\r\n";
  for (const Outage& outage : outages) {
    const auto seconds = seconds_of(outage);
    text +=
        fmt::format("{},{},{},{},{},{},{}\r\n", csv_field(outage.destination), clock::rfc3339(outage.began_at),
                    outage.ended_at ? clock::rfc3339(*outage.ended_at) : "", seconds ? std::to_string(*seconds) : "",
                    csv_field(outage.cause), outage.accepted_meanwhile, outage.delayed);
  }
  return text;
}

std::string to_json(std::span<const Outage> outages) {
  auto list = ordered_json::array();
  for (const Outage& outage : outages) {
    ordered_json each{{"destination", outage.destination}, {"began_at", clock::rfc3339(outage.began_at)}};
    each["ended_at"] = outage.ended_at ? ordered_json(clock::rfc3339(*outage.ended_at)) : ordered_json(nullptr);
    const auto seconds = seconds_of(outage);
    each["seconds"] = seconds ? ordered_json(*seconds) : ordered_json(nullptr);
    each["cause"] = outage.cause;
    each["accepted_meanwhile"] = outage.accepted_meanwhile;
    each["delayed"] = outage.delayed;
    list.push_back(std::move(each));
  }
  return list.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace titip::delivery
