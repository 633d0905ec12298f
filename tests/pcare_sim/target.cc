// Which call a path means.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "tests/pcare_sim/service.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;  // "*" stands for one parameter
  Endpoint endpoint;
};

constexpr std::array<Route, 10> routes{{
    {"POST", "vaksin/simpan", Endpoint::dose_save},
    {"POST", "sasaran/simpan", Endpoint::person_save},
    {"PUT", "vaksin/ubah", Endpoint::dose_update},
    {"PUT", "sasaran/update", Endpoint::person_update},
    {"GET", "datavaksin/notiket/*", Endpoint::doses_by_ticket},
    {"GET", "datavaksin/tanggal/*", Endpoint::doses_by_date},
    {"GET", "tiket/nik/*", Endpoint::person_by_nik},
    {"GET", "tiket/jenis/*/nopencarian/*/tanggal/*", Endpoint::person_search},
    {"GET", "referensi/*", Endpoint::reference},
    {"POST", "login", Endpoint::log_in},
}};

std::string_view take_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), segment.size() + 1));
  return segment;
}

// The parameters, if the path is this route's.
std::optional<std::vector<std::string>> parameters_of(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (segment.empty()) return std::nullopt;
    if (wanted == "*")
      parameters.push_back(percent_decoded(segment));
    else if (wanted != segment)
      return std::nullopt;
  }
  if (!path.empty()) return std::nullopt;
  return parameters;
}

}  // namespace

Target find_target(std::string_view method, std::string_view path_and_query) {
  Target target;
  const auto mark = path_and_query.find('?');
  std::string_view path = path_and_query.substr(0, mark);
  if (mark != std::string_view::npos) target.query = path_and_query.substr(mark + 1);
  if (path.ends_with('/')) path.remove_suffix(1);
  for (const auto& route : routes) {
    auto parameters = parameters_of(route.path, path);
    if (!parameters) continue;
    target.endpoint = route.method == method ? route.endpoint : Endpoint::wrong_method;
    target.parameters = *std::move(parameters);
    return target;
  }
  return target;
}

}  // namespace titip::pcare_sim
