// Whether a facility's records may be sent at all: behind a gate, with what its calls are signed with, by its log-in.
#include <algorithm>

#include "gateway/delivery/work.h"
#include "metrics/log.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;

constexpr std::size_t logins_at_once = 4;
constexpr auto look_at_secrets_every = std::chrono::seconds(5);

}  // namespace

// Whether time alone, or a log-in, lets this lane send soon.
bool Dispatcher::can_send(const storage::Lane& lane) const {
  const auto facility = doors_.facilities.find(lane.facility);
  return !is_gated(lane) && facility != nullptr && can_sign(doors_.profile, *facility) &&
         logins_.standing(lane.facility, doors_.clock.steady()) != Standing::paused;
}

// A lane is closed while its facility must log in first; whoever finds it so starts the log-in.
bool Dispatcher::is_open(const storage::Lane& lane) {
  const auto facility = doors_.facilities.find(lane.facility);
  if (facility == nullptr || !has_secret(*facility)) return false;
  note_secret(*facility);
  switch (logins_.standing(lane.facility, doors_.clock.steady())) {
    case Standing::usable:
      return !must_go_alone(lane);
    case Standing::needs_login:
      if (doors_.profile.scheme.kind != profile::SchemeKind::facility_login) {  // the next record will show it
        logins_.accepted(lane.facility);
        count_stop(lane.facility);
        return !must_go_alone(lane);
      }
      if (doors_.upstream.may_send_read() && logins_.in_progress() < logins_at_once) log_in(lane.facility);
      return false;
    case Standing::paused:
      return looks_for_passwords() && !must_go_alone(lane);
    case Standing::waiting:
    case Standing::logging_in:
      return false;
  }
  return false;
}

// Without a secret nothing of a facility can be signed. It waits as one does whose credentials are refused, no attempt
// is burnt, and it goes on as soon as there is a secret.
bool Dispatcher::has_secret(const storage::Facility& facility) {
  const bool has = can_sign(doors_.profile, facility);
  const bool changed = has ? unsigned_.erase(facility.code) == 1 : unsigned_.insert(facility.code).second;
  if (!changed) return has;
  count_stop(facility.code);
  if (!has)
    metrics::log(Level::warning, "no_consumer_secret",
                 {{Field::destination, options_.destination}, {Field::facility, facility.code}});
  return has;
}

// A secret that is not the one the server refused ends the pause.
void Dispatcher::note_secret(const storage::Facility& facility) {
  const auto refused = refused_as_.find(facility.code);
  if (refused == refused_as_.end() || refused->second->consumer_secret == facility.consumer_secret) return;
  refused_as_.erase(refused);
  logins_.accepted(facility.code);
  authorizations_.forgive(facility.code);
  look_at_parked_ = true;
  count_stop(facility.code);
}

// All of a facility's records may be parked: then nobody looks at its lane.
void Dispatcher::note_secrets() {
  const auto now = doors_.clock.steady();
  if (refused_as_.empty() || (secrets_looked_at_ && now < *secrets_looked_at_ + look_at_secrets_every)) return;
  secrets_looked_at_ = now;
  std::vector<storage::Facilities::Found> known;
  for (const auto& [code, as_it_was] : refused_as_)
    if (auto facility = doors_.facilities.find(code)) known.push_back(std::move(facility));
  for (const auto& facility : known) note_secret(*facility);
}

// After refused credentials, where there is no log-in to try: accounts lock, so one record tries them, not all. While
// nobody of a facility is known to be let in it may be the facility that is refused.
bool Dispatcher::must_go_alone(const storage::Lane& lane) const {
  return brings_passwords() && (logins_.on_trial(lane.facility) || shut_out_.contains(lane.facility)) &&
         std::ranges::any_of(active_, [&lane](const auto& each) { return each.second->lane == lane; });
}

}  // namespace titip::delivery
