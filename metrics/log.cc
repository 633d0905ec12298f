#include "metrics/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <iterator>

namespace titip::metrics {
namespace {

constexpr std::array field_names{"address",     "port",    "listener", "destination", "facility", "route",   "profile",
                                 "submission",  "state",   "outcome",  "rule",        "failure",  "reason",  "count",
                                 "duration_ms", "version", "path",     "signal",      "command",  "request", "code"};
static_assert(field_names.size() == static_cast<std::size_t>(Field::code) + 1);

spdlog::level::level_enum of(Level level) {
  constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return levels[static_cast<std::size_t>(level)];
}

spdlog::logger& logger() {
  static const auto made = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto instance = std::make_shared<spdlog::logger>("titip", sink);
    instance->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
    instance->flush_on(spdlog::level::debug);
    return instance;
  }();
  return *made;
}

void append_json(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", byte);
    } else {
      line += c;
    }
  }
  line += '"';
}

}  // namespace

void set_log_level(Level level) {
  logger().set_level(of(level));
}

void log(Level level, std::string_view event, std::initializer_list<std::pair<Field, FieldValue>> fields) {
  if (!logger().should_log(of(level))) return;
  std::string line = "\"event\":";
  append_json(line, event);
  for (const auto& [field, value] : fields) {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text != nullptr && text->empty()) continue;
    fmt::format_to(std::back_inserter(line), ",\"{}\":", field_names[static_cast<std::size_t>(field)]);
    if (text != nullptr) {
      append_json(line, *text);
    } else {
      fmt::format_to(std::back_inserter(line), "{}", std::get<std::int64_t>(value));
    }
  }
  logger().log(of(level), "{}", line);
}

}  // namespace titip::metrics
