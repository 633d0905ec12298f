// Reads values out of a request by the profile's sources, and fills templates. Pure.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/profile/body_fields.h"
#include "upstream/profile/profile.h"

namespace titip::profile {

struct RequestView {
  const nlohmann::json* body = nullptr;  // parsed; may be null
  const std::map<std::string, std::string, std::less<>>* parameters = nullptr;
  std::string_view facility;
  const BodyFields* fields = nullptr;  // in place of `body`, where every source used was asked for
};

// The places in the body that these sources name, each once: what BodyFields is to be asked for.
std::vector<std::string> body_pointers(const std::vector<std::string_view>& sources);

// The value as text: strings as they are, numbers and booleans as JSON prints them. Nothing if absent, null or "", or
// if it is an array or object: keys and paths are made of single values.
std::optional<std::string> value_of(const RequestView& request, std::string_view source);

// The same for comparing with a reply: arrays and objects as compact JSON, "" where there is nothing.
std::string compared_value_of(const RequestView& request, std::string_view source);

// "15-08-2026" -> "2026-08-15" where the profile writes the day first; anything that is no such date as it is. Whatever
// makes keys of values does so of these.
std::string normal_date(DateFormat format, std::string value);
// Whether it is written like a date in that format.
bool is_date(DateFormat format, std::string_view value);

// "/datavaksin/notiket/{/noTiket}" -> "/datavaksin/notiket/A-01J783G1"; values are percent-encoded as path segments.
// Nothing if a source has no value, or if a value would make a path that nobody meant ("..", more than 2 KiB).
std::optional<std::string> fill_path(std::string_view path_template, const RequestView& request);

}  // namespace titip::profile
