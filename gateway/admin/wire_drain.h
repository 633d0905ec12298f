// What a request says of a drain, and what may be wrong with it. Pure; a part of wire.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/words/said.h"

namespace titip::admin {

struct DrainWords {
  std::optional<std::uint64_t> canary{};
  std::optional<double> per_second{};
  std::optional<double> abort_share{};
  std::string daily_pause{};               // "12:00-13:30", in the server's time zone; empty: none
  std::optional<std::int64_t> until_ms{};  // of a pause, since 1970
  bool operator==(const DrainWords&) const = default;
};

// False: a value of the wrong kind, or a key that is not known.
bool read_words(const nlohmann::ordered_json& value, DrainWords& words);
nlohmann::ordered_json words_json(const DrainWords& words);

// Empty: nothing is wrong.
words::Said fault_of(const DrainWords& words);

// "12:00-13:30": the minutes of the day.
std::optional<std::pair<std::chrono::minutes, std::chrono::minutes>> parse_daily_pause(std::string_view text);

}  // namespace titip::admin
