#include "gateway/app.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/admin/gates.h"
#include "gateway/exit_status.h"
#include "gateway/profiles.h"
#include "gateway/tenants.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"
#include "upstream/profile/mounts.h"

#ifndef TITIP_VERSION
#define TITIP_VERSION "unknown"
#endif

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;

constexpr std::size_t descriptors_kept = 1'024;  // for the store, upstream connections and the operations listener
constexpr std::size_t facilities_named = 5;

}  // namespace

std::expected<void, storage::NotOpened> App::open() {
  metrics::build_info(registry_, TITIP_VERSION, "");
  metrics::process_metrics(registry_);
  if (auto opened = open_store(); !opened) return opened;
  if (auto gathered = open_facilities(); !gathered) return std::unexpected(std::move(gathered.error()));
  if (auto made = make_callbacks(); !made) return std::unexpected(std::move(made.error()));
  if (auto made = make_destinations(); !made) return std::unexpected(std::move(made.error()));
  if (auto checked = check_pending(); !checked) return std::unexpected(std::move(checked.error()));
  if (auto gates = set_gates(); !gates) return std::unexpected(std::move(gates.error()));
  registry_.before_exposition([this] { fill_queue_metrics(); });
  // Clinics do not wait for what operators need.
  if (const auto tokens = read_tokens(); !tokens)
    metrics::log(metrics::Level::error, "admin_api_closed", {{metrics::Field::reason, tokens.error()}});
  budget_descriptors();
  if (auto made = make_tls(); !made) return std::unexpected(std::move(made.error()));
  if (auto made = make_front(); !made) return std::unexpected(std::move(made.error()));
  make_operations();
  make_upkeep();
  return {};
}

std::expected<void, std::string> App::make_tls() {
  const auto make = [](std::string_view place, const std::optional<http::TlsMaterial>& material,
                       std::shared_ptr<http::Tls>& tls) -> std::expected<void, std::string> {
    if (!material) return {};
    tls = std::make_shared<http::Tls>();
    if (const auto used = tls->use(*material); !used)
      return std::unexpected(fmt::format("{}: {}", place, used.error()));
    return {};
  };
  if (auto made = make("/front/tls", config_.front.tls, tls_); !made) return made;
  return make("/admin/tls", config_.admin.tls, admin_tls_);
}

std::expected<void, storage::NotOpened> App::open_store() {
  // Fail-stop: after a bad write nobody knows what the disk holds. Connections die unanswered, the service manager
  // starts us again, and recovery finds out.
  const auto fatal = [](const std::string& reason) {
    metrics::log(Level::error, "store_failed", {{Field::reason, reason}});
    ::_exit(exit_store_failed);
  };
  auto custody = open_custody(config_, {clock_, &commit_probes_, fatal}, Opening::may_create);
  if (!custody) return std::unexpected(std::move(custody.error()));
  lock_.emplace(std::move(custody->lock));
  sealer_.emplace(std::move(custody->sealer));
  store_ = seams_.store ? seams_.store(std::move(custody->store)) : std::move(custody->store);
  const auto health = store_->health();
  metrics::log(Level::info, "store_opened",
               {{Field::path, store_directory(config_).string()},
                {Field::count, static_cast<std::int64_t>(health.found_open_attempts)}});
  return {};
}

// Of one that cannot be read nothing is accepted; it is added again, or the damage mended, while the others are served.
std::expected<void, std::string> App::open_facilities() {
  const auto began = clock_.steady();
  const auto damaged = gather_facilities(config_.facilities, *store_, *sealer_, facilities_);
  if (!damaged) return std::unexpected(damaged.error());
  for (std::size_t at = 0; at < std::min(damaged->size(), facilities_named); ++at)
    metrics::log(Level::error, "facility_unreadable",
                 {{Field::facility, damaged->at(at)}, {Field::count, static_cast<std::int64_t>(damaged->size())}});
  const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - began);
  const auto counts = facilities_.counts();
  metrics::log(Level::info, "facilities_loaded",
               {{Field::count, static_cast<std::int64_t>(counts.enabled + counts.disabled)},
                {Field::duration_ms, span.count()}});
  return {};
}

std::expected<void, std::string> App::make_callbacks() {
  auto made = CallbackDelivery::make(config_.callbacks, {*store_, *sealer_, facilities_, clock_, registry_});
  if (!made) return std::unexpected(fmt::format("/callbacks/ca_file: {}", made.error()));
  callbacks_ = std::move(*made);
  return {};
}

std::expected<void, std::string> App::make_destinations() {
  for (std::size_t at = 0; at < config_.destinations.size(); ++at) {
    auto config = config_.destinations[at];
    auto profile = find_profile(config, config_.directory);
    if (!profile) return std::unexpected(fmt::format("/destinations/{}/profile: {}", at, profile.error()));
    if (config.name.empty()) config.name = profile->name;
    if (config.name == storage::callback_destination)
      return std::unexpected(words::tell("/destinations/{}/name: Titip's own callbacks have this name", at));
    for (const auto& other : destinations_) {
      if (other->name() == config.name)
        return std::unexpected(
            words::tell("/destinations/{}/name: {} is the name of another destination", at, config.name));
      if (const auto& taken = other->profile().mount; profile::mounts_clash(taken, profile->mount))
        return std::unexpected(words::tell(
            "/destinations/{}/{}: '{}' and '{}', where {} is mounted, lie in one another, so a path would belong to "
            "both; give this one a \"mount\" of its own",
            at, config.mount.empty() ? "profile" : "mount", profile->mount, taken, other->name()));
    }
    if (seams_.profile) seams_.profile(*profile);
    if (seams_.destination) seams_.destination(config);
    destinations_.push_back(std::make_unique<Destination>(
        std::move(config), std::move(*profile),
        DestinationParts{*store_, *sealer_, facilities_, clock_, registry_, callbacks_->probes(),
                         config_.callbacks.options.policy.most_due, config_.log_in.at_once}));
  }
  return {};
}

// What is in custody must have somewhere to go.
std::expected<void, std::string> App::check_pending() const {
  for (const auto& [name, counts] : store_->counts().destinations) {
    const auto waiting = reads::pending(counts);
    if (waiting == 0 || name == storage::callback_destination) continue;
    const auto same = [&name](const auto& destination) { return destination->name() == name; };
    if (std::ranges::none_of(destinations_, same))
      return std::unexpected(words::tell(
          "/destinations: {} submissions wait for '{}', which the config no longer has; put it back", waiting, name));
    std::vector<std::string> gone;
    for (const auto& lane : lanes_of(name))
      if (facilities_.find(lane.facility) == nullptr && gone.size() < facilities_named) gone.push_back(lane.facility);
    if (!gone.empty())
      return std::unexpected(words::tell(
          "/facilities: submissions of {} wait for '{}', but neither config nor registry has them; put them "
          "back",
          words::joined(gone, ", "), name));
  }
  return {};
}

// Before anything runs: nobody else asks, and waiting holds nobody up.
std::vector<storage::Lane> App::lanes_of(const std::string& destination) const {
  storage::WaitingHome home;
  return home.ask<std::vector<storage::Lane>>([&](auto done) { store_->lanes(destination, home, std::move(done)); })
      .value_or(std::vector<storage::Lane>{});
}

// Read before anything is sent: after a restore nothing may leave before a person has looked.
std::expected<void, std::string> App::set_gates() {
  const auto gates = admin::read_gates(*store_);
  if (!gates)
    return std::unexpected(words::tell("the gates in the store cannot be read ({}); nothing may be sent without them",
                                       storage::name(gates.error())));
  for (auto& destination : destinations_) {
    destination->gate(gates->before(destination->name()));
    for (auto& [facility, gate] : gates->facilities_of(destination->name())) destination->gate_facility(facility, gate);
  }
  const std::string callback(storage::callback_destination);
  callbacks_->gate(gates->before(callback));
  for (auto& [facility, gate] : gates->facilities_of(callback)) callbacks_->gate_facility(facility, gate);
  for (const auto& [name, gate] : gates->own) {
    if (name == callback) continue;
    const auto same = [&name](const auto& destination) { return destination->name() == name; };
    if (std::ranges::any_of(destinations_, same)) continue;
    metrics::log(Level::warning, "gate_without_destination",
                 {{Field::destination, name}, {Field::reason, gate.reason.english()}});
  }
  return {};
}

// Clinics' connections must not take the descriptors that the store and delivery need.
void App::budget_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto allowed = static_cast<std::size_t>(limit.rlim_cur);
  const auto room = allowed > 2 * descriptors_kept ? allowed - descriptors_kept : allowed / 2;
  const auto each = std::max<std::size_t>(room / config_.front.loops, 1);
  if (config_.front.limits.connections <= each) return;
  config_.front.limits.connections = each;
  metrics::log(Level::warning, "connections_limited_by_descriptors", {{Field::count, static_cast<std::int64_t>(each)}});
}

}  // namespace titip::gateway
