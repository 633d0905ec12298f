#include "tests/pcare_sim/rest_routes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;  // "*" stands for one parameter, "**" at the end for any rest
  RestEndpoint endpoint;
};

using enum RestEndpoint;

// A path with more literal segments stands before one that would swallow it.
constexpr std::array<Route, 43> pcare_routes{{
    {"POST", "pendaftaran", register_patient},
    {"DELETE", "pendaftaran/peserta/*/tglDaftar/*/noUrut/*/kdPoli/*", unregister_patient},
    {"GET", "pendaftaran/noUrut/*/tglDaftar/*", registration},
    {"GET", "pendaftaran/tglDaftar/*/*/*", registrations},
    {"POST", "kunjungan/v1", add_visit},
    {"PUT", "kunjungan/v1", change_visit},
    {"POST", "kunjungan", add_visit},
    {"PUT", "kunjungan", change_visit},
    {"GET", "kunjungan/peserta/*", visits_of_member},
    {"GET", "kunjungan/rujukan/*", referral},
    {"DELETE", "kunjungan/*", delete_visit},
    {"POST", "obat/kunjungan", add_drug},
    {"GET", "obat/kunjungan/*", drugs_of_visit},
    {"DELETE", "obat/*/kunjungan/*", delete_drug},
    {"GET", "obat/dpho/*/*/*", drug_list},
    {"POST", "tindakan", add_action},
    {"PUT", "tindakan", change_action},
    {"GET", "tindakan/kunjungan/*", actions_of_visit},
    {"DELETE", "tindakan/*/kunjungan/*", delete_action},
    {"GET", "tindakan/kdTkp/*/*/*", action_list},
    {"POST", "MCU", add_checkup},
    {"PUT", "MCU", change_checkup},
    {"GET", "MCU/kunjungan/*", checkups_of_visit},
    {"DELETE", "MCU/*/kunjungan/*", delete_checkup},
    {"POST", "kelompok/kegiatan", add_group_activity},
    {"DELETE", "kelompok/kegiatan/*", delete_group_activity},
    {"POST", "kelompok/peserta", add_group_member},
    {"DELETE", "kelompok/peserta/*/*", delete_group_member},
    {"GET", "kelompok/**", small_table},
    {"GET", "peserta/nik/*", member_by_number},
    {"GET", "peserta/noka/*", member_by_number},
    {"GET", "peserta/*", member_by_card},
    {"GET", "diagnosa/*/*/*", diagnoses},
    {"GET", "dokter/*/*", doctors},
    {"GET", "poli/fktp/*/*", policlinics},
    {"GET", "provider/*/*", providers},
    {"GET", "kesadaran", small_table},
    {"GET", "prognosa", small_table},
    {"GET", "alergi/jenis/*", small_table},
    {"GET", "statuspulang/rawatInap/*", small_table},
    {"GET", "spesialis/**", small_table},
    {"GET", "spesialis", small_table},
    {"GET", "skrinning/**", small_table},
}};

constexpr std::array<Route, 5> antrean_routes{{
    {"POST", "antrean/add", add_queue},
    {"POST", "antrean/panggil", call_queue},
    {"POST", "antrean/batal", cancel_queue},
    {"GET", "ref/poli/tanggal/*", small_table},
    {"GET", "ref/dokter/kodepoli/*/tanggal/*", small_table},
}};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view take_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), segment.size() + 1));
  return segment;
}

std::optional<std::vector<std::string>> parameters_of(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty()) {
    const std::string_view wanted = take_segment(pattern);
    if (wanted == "**") {
      if (path.empty()) return std::nullopt;
      parameters.push_back(percent_decoded(path));
      return parameters;
    }
    const std::string_view segment = take_segment(path);
    if (segment.empty()) return std::nullopt;
    if (wanted == "*")
      parameters.push_back(percent_decoded(segment));
    else if (!same_letters(wanted, segment))
      return std::nullopt;
  }
  if (!path.empty()) return std::nullopt;
  return parameters;
}

template <typename Routes>
void find_route(const Routes& routes, std::string_view method, std::string_view path, RestTarget& target) {
  for (const auto& route : routes) {
    auto parameters = parameters_of(route.path, path);
    if (!parameters) continue;
    target.endpoint = route.method == method ? route.endpoint : wrong_method;
    target.route = route.path;
    target.method = route.method;
    target.parameters = *std::move(parameters);
    if (target.endpoint != wrong_method) return;
  }
}

}  // namespace

std::string_view mount_path(Mount mount) {
  switch (mount) {
    case Mount::rest:
      return "/pcare-rest";
    case Mount::v3:
      return "/pcare-rest-v3.0";
    case Mount::antrean:
      return "/antreanfktp";
  }
  return "";
}

std::optional<RestTarget> find_rest_target(std::string_view method, std::string_view target) {
  for (const Mount mount : {Mount::rest, Mount::v3, Mount::antrean}) {
    const std::string_view prefix = mount_path(mount);
    if (!target.starts_with(prefix) || target.size() <= prefix.size() || target[prefix.size()] != '/') continue;
    std::string_view path = target.substr(prefix.size() + 1);
    RestTarget found;
    found.mount = mount;
    found.path = printable(path, 400);
    path = path.substr(0, path.find('?'));
    if (path.ends_with('/')) path.remove_suffix(1);
    if (mount == Mount::antrean)
      find_route(antrean_routes, method, path, found);
    else
      find_route(pcare_routes, method, path, found);
    return found;
  }
  return std::nullopt;
}

}  // namespace titip::pcare_sim
