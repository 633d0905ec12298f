#include "gateway/reach.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/clock_words.h"
#include "gateway/admin/gates.h"
#include "gateway/admin/upkeep.h"
#include "gateway/admin/words.h"
#include "gateway/custody.h"
#include "gateway/drains.h"
#include "gateway/exit_status.h"
#include "gateway/profiles.h"
#include "gateway/reads/status.h"
#include "gateway/record_edits.h"
#include "gateway/record_views.h"
#include "gateway/say.h"
#include "gateway/tenants.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Ended;
using admin::Trouble;

// The user's own process tells the user's own terminal.
class Directly final : public admin::Telling {
 public:
  explicit Directly(const admin::Heard& heard) : heard_(heard) {}
  bool progress(storage::Progress progress) override {
    if (heard_.progress) heard_.progress(progress);
    return true;
  }
  bool data(std::string json) override {
    if (heard_.data) heard_.data(json);
    return true;
  }
  bool goes_on() const override { return true; }
  std::string who() const override { return fmt::format("uid:{}", ::getuid()); }

 private:
  const admin::Heard& heard_;
};

Ended offline_status(const Config& config, storage::Store& store, clock::WallTime now) {
  const auto gates = admin::read_gates(store);
  if (!gates) return admin::store_trouble(gates.error());
  std::uint64_t waiting = 0;
  auto list = nlohmann::ordered_json::array();
  reads::StatusFacts facts;
  facts.store = store.health();
  facts.utc_offset = config.utc_offset;
  facts.now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto destinations = store.counts().destinations;
  for (const auto& name : destination_names(config)) destinations.try_emplace(name);
  destinations.erase(std::string(storage::callback_destination));  // no submissions of anybody's
  for (const auto& [name, counts] : destinations) {
    reads::DestinationFacts each;
    each.destination = name;
    each.counts = counts;
    if (const auto gate = gates->before(name)) each.gate = reads::Gated{gate->reason, gate->since};
    for (const auto& [facility, gate] : gates->facilities_of(name))
      each.gated_facilities.emplace(facility, reads::Gated{gate.reason, gate.since});
    if (const auto drain = kept_drain(store, name); drain && *drain) each.drain = drain_facts(**drain, now);
    waiting += reads::pending(counts);
    facts.destinations.push_back(std::move(each));
  }
  auto document = reads::status_json(facts);
  for (auto& each : document["destinations"]) each.erase("upstream");
  Ended ended;
  ended.sentence = words::said("No gateway runs: nothing is accepted and nothing is sent. ");
  ended.sentence += waiting == 0   ? words::said("No record waits.")
                    : waiting == 1 ? words::said("1 record safe here waits.")
                                   : words::said("{} records safe here wait.", words::grouped(waiting));
  if (const auto doubt = admin::clock_words(facts.store); !doubt.empty())
    ended.sentence += words::verbatim(" ") + doubt;
  document["sentence"] = {{"id", ended.sentence.in(words::Language::id)}, {"en", ended.sentence.english()}};
  document["gateway_runs"] = false;
  ended.result = document.dump();
  return ended;
}

DrainDoors offline_drains(const Config& config, storage::Store& store, const clock::Clock& clock) {
  DrainDoors doors{store, clock, {}, {}, {}};
  for (const auto& each : config.destinations) {
    const auto profile = find_profile(each, config.directory);
    if (!profile) continue;
    doors.destinations.push_back(
        {each.name.empty() ? profile->name : each.name, profile->utc_offset, each.permits.pace.per_second});
  }
  doors.order = [&store, &clock](const std::string& name, const delivery::DrainOrder& order) {
    return order_kept_drain(store, name, order, clock.wall());
  };
  doors.look = [&store](const std::string& name) { return kept_drain(store, name); };
  return doors;
}

}  // namespace

struct Reach::Offline {
  clock::SystemClock clock;
  storage::Facilities facilities;
  std::optional<Custody> custody;
  std::map<std::string, profile::Profile, std::less<>> profiles;  // by destination
  ~Offline() {
    if (custody) custody->store->close();
  }
};

Reach::Reach(const Config& config) : config_(config) {}
Reach::~Reach() = default;

// Nothing: it stands open.
std::optional<Ended> Reach::open() {
  if (offline_) return std::nullopt;
  if (auto why = refuse_stranger(config_); !why.empty())
    return admin::in_trouble(Trouble::not_allowed, words::verbatim(why) + ".");
  auto offline = std::make_unique<Offline>();
  CustodyDoors doors{offline->clock, nullptr, [](const std::string& reason) {
                       say(words::tell("the store failed: {}", reason));
                       ::_exit(exit_failed);
                     }};
  std::error_code error;
  if (std::filesystem::is_directory(config_.data_directory, error)) {
    const auto lock = storage::StoreLock::take(store_directory(config_));
    if (!lock)
      return admin::in_trouble(Trouble::unreachable, words::said("{}, and it cannot be reached.", lock.error()));
  }
  auto custody = open_custody(config_, std::move(doors), Opening::must_exist);
  if (!custody) {
    const bool missing = !has_store(config_);
    return admin::in_trouble(missing ? Trouble::not_found : Trouble::failed, words::verbatim(custody.error()) + ".");
  }
  offline->custody.emplace(std::move(*custody));
  if (const auto gathered = gather_facilities(config_.facilities, *offline->custody->store, offline->custody->sealer,
                                              offline->facilities);
      !gathered)
    return admin::in_trouble(Trouble::failed, words::verbatim(gathered.error()) + ".");
  for (const auto& each : config_.destinations)
    if (auto profile = find_profile(each, config_.directory)) {
      const auto name = each.name.empty() ? profile->name : each.name;
      offline->profiles.emplace(name, std::move(*profile));
    }
  offline_ = std::move(offline);
  say(words::tell("no gateway runs on {}; opened the store itself", config_.data_directory.string()));
  return std::nullopt;
}

Ended Reach::ask(const admin::Request& request, const admin::Heard& heard) {
  // As it would arrive over the socket: the same checks, the same bytes.
  const auto line = admin::encode(request);
  const auto checked = admin::parse_request(line);
  if (!checked) return admin::in_trouble(Trouble::usage, checked.error() + ".");
  if (!offline_) {
    auto ended = admin::call(config_.data_directory, *checked, heard);
    if (ended) return *ended;
    if (!ended.error().nobody_there) return admin::in_trouble(ended.error().trouble, ended.error().sentence);
  }
  if (auto trouble = open()) return *trouble;
  auto& custody = *offline_->custody;
  auto destinations = destination_names(config_);
  destinations.emplace_back(storage::callback_destination);
  const admin::Doors doors{
      *custody.store,
      custody.sealer,
      offline_->clock,
      config_.key_file,
      config_.data_directory,
      retention_rule(config_),
      [this, &custody] { return offline_status(config_, *custody.store, offline_->clock.wall()); },
      {},
      destination_names(config_),
      [this](const std::string& code) { return offline_->facilities.find(code) != nullptr; },
      {},
      [this, &custody](const admin::Request& drain) {
        return drain_command(drain, offline_drains(config_, *custody.store, offline_->clock));
      },
      &offline_->facilities,
      [this](const storage::Submission& record, const storage::Payload& payload) {
        const auto found = offline_->profiles.find(record.destination);
        return found == offline_->profiles.end() ? std::string() : person_in(found->second, record, payload);
      },
      [&custody](const storage::Loaded& loaded) { return timeline_of(loaded, custody.sealer); },
      [this, &custody](const storage::Submission& record, const storage::Payload& payload,
                       const std::vector<admin::Edit>& edits) -> std::expected<admin::Edited, words::Said> {
        const auto found = offline_->profiles.find(record.destination);
        if (found == offline_->profiles.end())
          return std::unexpected(words::said("the config has its destination no more"));
        return edited_record(found->second, record, payload, edits, {*custody.store, custody.sealer, offline_->clock});
      },
      config_.admin.edit_needs_approval};
  Directly directly(heard);
  return admin::run(*checked, doors, directly);
}

}  // namespace titip::gateway
