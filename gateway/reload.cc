#include "gateway/reload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "gateway/admin/audit.h"
#include "gateway/app.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "storage/kept_facility.h"

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;
using nlohmann::json;
using storage::Facility;

constexpr std::array<std::string_view, 4> taken_up{"/log_level", "/front/tls", "/admin/tls", "/facilities"};

bool is_taken_up(std::string_view pointer) {
  return std::ranges::any_of(taken_up, [&](std::string_view each) {
    return pointer.starts_with(each) && (pointer.size() == each.size() || pointer[each.size()] == '/');
  });
}

void refused(std::string_view facility, std::string_view why) {
  metrics::log(Level::error, "reload_refused", {{Field::facility, facility}, {Field::reason, why}});
}

void reload_tls(std::string_view listener, const std::shared_ptr<http::Tls>& tls,
                std::optional<http::TlsMaterial>& running, const std::optional<http::TlsMaterial>& fresh) {
  if (!tls || !fresh || fresh == running) return;
  if (const auto used = tls->use(*fresh); !used)
    return metrics::log(Level::error, "reload_refused",
                        {{Field::reason, fmt::format("/{}/tls: {}", listener, used.error())}});
  running = fresh;
  metrics::log(Level::info, "certificate_reloaded", {{Field::listener, listener}});
}

std::string_view shown_to_proxy(const DestinationConfig& destination) {
  const auto& proxy = destination.transport.proxy;
  return proxy ? std::string_view(proxy->authorization) : std::string_view();
}

}  // namespace

std::vector<std::string> needs_restart(const Config& running, const Config& fresh) {
  const auto was = json::parse(running.document, nullptr, false);
  const auto is = json::parse(fresh.document, nullptr, false);
  std::set<std::string> places;
  for (const auto& step : json::diff(was, is))
    if (const auto pointer = step.value("path", ""); !is_taken_up(pointer)) places.insert(pointer);
  // Whether there is TLS at all was decided when the listener was opened.
  if (running.front.tls.has_value() != fresh.front.tls.has_value()) places.insert("/front/tls");
  if (running.admin.tls.has_value() != fresh.admin.tls.has_value()) places.insert("/admin/tls");
  const auto destinations = std::min(running.destinations.size(), fresh.destinations.size());
  for (std::size_t at = 0; at < destinations; ++at) {
    const auto add = [&](std::string_view file) { places.insert(fmt::format("/destinations/{}/{}", at, file)); };
    const auto& used = running.destinations[at];
    const auto& read = fresh.destinations[at];
    if (used.ca_file == read.ca_file && used.transport.authorities != read.transport.authorities) add("ca_file");
    if (used.proxy.credentials_file == read.proxy.credentials_file && shown_to_proxy(used) != shown_to_proxy(read))
      add("proxy/credentials_file");
  }
  return {places.begin(), places.end()};
}

void App::reload() {
  if (config_.file.empty()) return;
  const auto fresh = load_config(config_.file);
  if (!fresh)
    return metrics::log(Level::error, "reload_refused",
                        {{Field::path, config_.file.string()},
                         {Field::reason, fmt::format("{}: {}", fresh.error().pointer, fresh.error().sentence)}});
  metrics::set_log_level(fresh->log_level);
  reload_tls("front", tls_, config_.front.tls, fresh->front.tls);
  reload_tls("admin", admin_tls_, config_.admin.tls, fresh->admin.tls);
  reload_facilities(fresh->facilities);
  for (const auto& place : needs_restart(config_, *fresh))
    metrics::log(Level::warning, "needs_a_restart", {{Field::reason, place}});
  metrics::log(Level::info, "reloaded", {{Field::path, config_.file.string()}});
}

// Whatever is another one afterwards is told in the audit log.
void App::reload_facilities(const std::vector<Facility>& fresh) {
  std::vector<admin::Subject> subjects;
  const auto print = [this](const std::string& code) -> std::optional<storage::Digest> {
    const auto found = facilities_.find(code);
    if (!found) return std::nullopt;
    return admin::fingerprint(*sealer_, admin::facility_subject(code), storage::encode(*found));
  };
  std::set<std::string> codes;
  for (const auto& each : fresh) codes.insert(each.code);
  for (const auto& found : facilities_.page({}, facilities_.counts().enabled + facilities_.counts().disabled))
    if (found->in_config) codes.insert(found->code);
  for (const auto& code : codes) subjects.push_back({code, print(code)});
  take_facilities(fresh);
  for (auto& each : subjects) each.after = print(each.name);
  std::erase_if(subjects, [](const admin::Subject& each) { return each.before == each.after; });
  for (std::size_t at = 0; at < subjects.size(); at += admin::subjects_told) {
    std::vector<admin::Subject> told(
        subjects.begin() + static_cast<std::ptrdiff_t>(at),
        subjects.begin() + static_cast<std::ptrdiff_t>(std::min(at + admin::subjects_told, subjects.size())));
    for (auto& each : told) each.name = admin::facility_subject(each.name);
    const auto said = words::said("The config was read again: {} of it are others now.",
                                  words::counted(told.size(), words::text("facilities")));
    if (!admin::append(*store_, admin::done_line("reload", "config", config_.file.string(), said, told)))
      metrics::log(Level::error, "audit_line_lost", {{Field::command, "reload"}});
  }
}

// Who stands in the config no more is refused at the door, as after a restart; what is in custody is still delivered.
void App::take_facilities(const std::vector<Facility>& fresh) {
  const auto changing = facilities_.changing();
  std::set<std::string> codes;
  for (const auto& each : fresh) codes.insert(each.code);
  // First, so that whoever takes the place of one may have its consumer id.
  for (const auto& found : facilities_.page({}, facilities_.counts().enabled + facilities_.counts().disabled)) {
    if (!found->in_config || found->disabled || codes.contains(found->code)) continue;
    auto gone = *found;
    gone.disabled = true;
    static_cast<void>(facilities_.add(std::move(gone)));  // it had its consumer id before
  }
  for (auto each : fresh) {
    each.in_config = true;
    const auto found = facilities_.find(each.code);
    if (found && !found->in_config) {
      refused(each.code, words::tell("it is in the registry already (titip facility ls); take it out of the config"));
    } else if (!found || storage::encode(*found) != storage::encode(each)) {
      const std::string code = each.code;
      const auto added = facilities_.add(std::move(each));
      if (!added) refused(code, added.error().own());
    }
  }
}

}  // namespace titip::gateway
