// Which user name and password an attempt carries, what the server's answers say of them (authorizations.h), and which
// records wait for it (parked.h).
#include <algorithm>

#include "gateway/delivery/refused_password.h"
#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "storage/kept_authorization.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;

// A question of a user whom the server does not let in: he may be let in again before his wait is over.
constexpr auto ask_again_after = std::chrono::minutes(5);
// At those who wait for somebody else's try, of which nothing may have come.
constexpr auto look_again_after = std::chrono::minutes(1);

}  // namespace

// The clinic's own headers, but for a password that the server refused and of which it has accepted another.
scheme::Credentials Dispatcher::credentials_for(const WorkPtr& work) const {
  auto credentials = credentials_of(work->payload);
  if (!brings_passwords()) return credentials;
  work->user = Authorizations::user_of(work->record.facility, credentials.authorization);
  credentials.authorization = authorizations_.choose(*work->user, credentials.authorization);
  work->carried = credentials;
  return credentials;
}

bool Dispatcher::is_paused(const std::string& facility) const {
  return logins_.standing(facility, doors_.clock.steady()) == Standing::paused;
}

std::size_t Dispatcher::paused_facilities() const {
  const auto shut_out = std::ranges::count_if(shut_out_, [this](const auto& facility) { return !is_paused(facility); });
  return logins_.paused(doors_.clock.steady()) + unsigned_.size() + static_cast<std::size_t>(shut_out);
}

// True: it waits with its user's others, and has given its place back.
bool Dispatcher::parks(const WorkPtr& work) {
  if (!brings_passwords()) return false;
  const auto& facility = work->record.facility;
  const auto credentials = credentials_for(work);
  switch (authorizations_.turn(*work->user, credentials.authorization, is_paused(facility), doors_.clock.steady())) {
    case Authorizations::Turn::goes:
      return false;
    case Authorizations::Turn::tries:
      authorizations_.began(*work->user);
      work->tries = work->user;
      return false;
    case Authorizations::Turn::waits:
      break;
  }
  // Nobody can be passed over any more: then the whole facility waits, and its lane is not looked at.
  if (parked_.full())
    logins_.refused(facility, doors_.clock.steady());
  else
    parked_.park(*work->user, work->record.id);
  put_back(work);
  return true;
}

// A question carries the password too, and accounts lock. True: it is asked later.
bool Dispatcher::asks_later(const WorkPtr& work) {
  if (!brings_passwords()) return false;
  credentials_for(work);
  const auto now = doors_.clock.steady();
  if (!is_paused(work->record.facility) && !authorizations_.waits(*work->user, now)) return false;
  work->opened_at = doors_.clock.wall();
  if (work->record.state == storage::State::delivered)
    keep_numbers(work, {}, true, false);
  else
    ask_later(work, ask_again_after);
  return true;
}

// Those whose wait is over are looked at again. Of a facility that is refused it is one user after the other, whoever
// was not tried yet first: the passwords that are dead must not come in front of one that works, time after time.
void Dispatcher::look_at_parked() {
  const auto now = doors_.clock.steady();
  if (!std::exchange(look_at_parked_, false) && !(parked_until_ && now >= *parked_until_)) return;
  const auto waits = [&](const auto& user) { return is_paused(user.first) || authorizations_.waits(user, now); };
  const auto is_before = [&](const auto& a, const auto& b) { return authorizations_.goes_before(a, b); };
  const auto over = parked_.let_go_unless([&](const auto& user) {
    if (waits(user)) return true;
    if (!authorizations_.refuses_facility(user.first)) return false;
    return parked_.first_of(user.first, [&](const auto& other) { return !waits(other); }, is_before) != user;
  });
  for (const auto& facility : over) lanes_.wake({options_.destination, facility});
  parked_until_ = authorizations_.next_wake(now);
  if (parked_.any()) parked_until_ = std::min(parked_until_.value_or(now + look_again_after), now + look_again_after);
  const auto pause_ends = logins_.next_wake(now);
  if (pause_ends && (!parked_until_ || *pause_ends < *parked_until_)) parked_until_ = pause_ends;
}

// The user waits. The facility does if it is more than the user whom the server does not let in.
void Dispatcher::refused_authorization(const WorkPtr& work) {
  const auto& facility = work->record.facility;
  look_at_parked_ = true;
  if (brings_passwords()) {
    work->password_refused = true;
    refused_as_.insert_or_assign(facility, work->facility);
  }
  if (!brings_passwords() || authorizations_.refuses_facility(facility))
    logins_.refused(facility, doors_.clock.steady());
  metrics::log(Level::warning, "credentials_refused",
               {{Field::destination, options_.destination}, {Field::facility, facility}});
}

// The server has refused this very record, which is queued again: by its timeline a person may have to look at it.
void Dispatcher::hold_if_refused_for_good(const WorkPtr& work, const storage::Changed& changed) {
  work->record.version = changed.version;
  work->record.state = changed.state;
  doors_.store.load({{.id = work->record.id, .attempts = true}}, doors_.home,
                    [this, work](const storage::Result<std::vector<std::optional<storage::Loaded>>>& loaded) {
                      const bool for_good = loaded && loaded->front() && is_refused_for_good(loaded->front()->attempts);
                      if (!for_good || stopping_) return release(work, true);
                      metrics::log(Level::warning, "record_held_for_its_password",
                                   {{Field::destination, options_.destination},
                                    {Field::facility, work->record.facility},
                                    {Field::submission, work->record.id.text()}});
                      hold(work, storage::HoldReason::credentials);
                    });
}

// True: the record goes again with another, so nobody has to wait for a person.
bool Dispatcher::has_another_authorization(const WorkPtr& work) {
  if (!work->user) return false;
  const auto refused = authorizations_.refused(*work->user, work->carried.authorization, doors_.clock.steady());
  if (refused == Authorizations::Refused::another_is_known) return true;
  if (Authorizations::has_name(*work->user)) recall_authorization(*work->user, work->carried.authorization);
  return false;
}

// What the server took in an earlier life: if it is another, the wait that begins now ends again.
void Dispatcher::recall_authorization(const Authorizations::User& user, const std::string& refused) {
  const auto name = storage::authorization_object_name(doors_.sealer, options_.destination, user.first, user.second);
  doors_.store.get_object(std::string(storage::authorization_kind), name, doors_.home,
                          [this, user, refused, name](const storage::Result<std::optional<storage::Object>>& object) {
                            if (!object || !*object) return;
                            const auto kept = doors_.sealer.open_object(storage::authorization_kind, name,
                                                                        storage::Sealed{(*object)->bytes});
                            if (!kept || *kept == refused) return;
                            authorizations_.recalled(user, *kept);
                            if (authorizations_.choose(user, refused) != refused) credentials_renewed(user.first);
                          });
}

void Dispatcher::accepted_authorization(const Authorizations::User& user, const std::string& authorization) {
  if (!authorizations_.accepted(user, authorization) || !Authorizations::has_name(user)) return;
  const auto name = storage::authorization_object_name(doors_.sealer, options_.destination, user.first, user.second);
  auto sealed = doors_.sealer.seal_object(storage::authorization_kind, name, authorization);
  // If the store does not take it, it is known until the process ends, and written when it is accepted anew.
  doors_.store.put_objects({{std::string(storage::authorization_kind), name, std::nullopt, std::move(sealed.bytes)}},
                           doors_.home, [](const auto&) {});
}

// Whoever waited for this user goes on; and the facility, if none of its users had been let in. Of another user who
// waits it says nothing.
void Dispatcher::let_in(const Authorizations::User& user, const scheme::Credentials& credentials) {
  const bool ends_a_wait = authorizations_.in_doubt(user) || shut_out_.contains(user.first) || is_paused(user.first);
  accepted_authorization(user, credentials.authorization);
  if (last_let_in_.let_in({user.first, credentials}, doors_.clock.steady())) keep_health_credentials();
  if (ends_a_wait) renew(user.first);
}

void Dispatcher::renew(const std::string& facility) {
  logins_.renewed(facility);
  refused_as_.erase(facility);
  look_at_parked_ = true;
  count_stop(facility);
}

void Dispatcher::authorization_accepted(const std::string& facility, const scheme::Credentials& credentials) {
  if (!scheme::authorization_user(credentials.authorization)) return;
  let_in(Authorizations::user_of(facility, credentials.authorization), credentials);
  pump();
}

void Dispatcher::health_read_refused(const LetIn& carried) {
  if (last_let_in_.refused(carried)) keep_health_credentials();
}

void Dispatcher::recall_health_credentials() {
  if (!brings_passwords()) return;
  const auto name = storage::health_credentials_object_name(doors_.sealer, options_.destination);
  doors_.store.get_object(std::string(storage::authorization_kind), name, doors_.home,
                          [this, name](const storage::Result<std::optional<storage::Object>>& object) {
                            if (!object || !*object) return;
                            const auto plain = doors_.sealer.open_object(storage::authorization_kind, name,
                                                                         storage::Sealed{(*object)->bytes});
                            if (auto known = plain ? decode_let_in(*plain) : std::nullopt)
                              last_let_in_.recalled(*std::move(known));
                          });
}

// Or erases them. What the store does not take now is written at the next change.
void Dispatcher::keep_health_credentials() {
  const auto name = storage::health_credentials_object_name(doors_.sealer, options_.destination);
  const auto& known = last_let_in_.known();
  auto bytes =
      known ? doors_.sealer.seal_object(storage::authorization_kind, name, encode(*known)).bytes : std::string();
  doors_.store.put_objects({{std::string(storage::authorization_kind), name, std::nullopt, std::move(bytes)}},
                           doors_.home, [](const auto&) {});
}

// The server refused everybody, and lets them in again.
void Dispatcher::forgive(clock::SteadyTime since) {
  for (const auto& facility : logins_.forgive(since, doors_.clock.steady())) count_stop(facility);
  look_at_parked_ = !authorizations_.forgive_since(since).empty() || look_at_parked_;
}

}  // namespace titip::delivery
