// The dispatcher and the numbers the server gives: those a record quotes are put in before it is sent or asked about,
// those it was given are kept when it is delivered, and read back where the reply did not say them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/delivery/numbers.h"
#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "storage/reference_keys.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/numbers.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;

constexpr std::string_view sealed_as = "reference";

}  // namespace

storage::Digest Dispatcher::number_key(const Work& work, std::string_view name, const std::vector<std::string>& scope,
                                       std::string_view number) const {
  return storage::reference_key(doors_.sealer, {work.record.destination, work.record.facility}, name, scope, number);
}

// Looks up what the record quotes and puts the real numbers in; `then` runs with the request as the server knows it.
void Dispatcher::put_in_numbers(const WorkPtr& work, std::move_only_function<void()> then) {
  work->numbers_are_in = true;
  if (work->route->quotes.empty()) return then();
  const Request request(doors_.profile, *work);
  if (!request.chain) return lacks_a_number(work);
  auto quoted = request.chain->quotes;
  std::vector<storage::Digest> keys;
  for (const auto& each : quoted) keys.push_back(number_key(*work, each.reference, each.scope, each.number));
  if (keys.empty()) return then();
  doors_.store.references(std::move(keys), doors_.home,
                          [this, work, quoted = std::move(quoted), then = std::move(then)](auto found) mutable {
                            if (!found) {
                              work->numbers_are_in = false;
                              return found.error() == storage::Error::corrupt ? leave_alone(work, true)
                                                                              : release_for_later(work);
                            }
                            std::vector<Placed> placed;
                            for (std::size_t i = 0; i < quoted.size(); ++i) {
                              const auto& reference = (*found)[i];
                              if (!reference) {  // never ours: a number that the clinic has from the server itself
                                work->unknown_numbers.insert(quoted[i].reference);
                                continue;
                              }
                              const auto number = opened_number(*reference);
                              // The server's own, and what we knew of it is erased: it is right as it stands.
                              if (!number && reference->value.empty() && !looks_provisional(quoted[i])) continue;
                              if (!number) return lacks_a_number(work);
                              if (*number != quoted[i].number) placed.push_back({quoted[i].at, *number});
                            }
                            auto payload = with_numbers(*work->route, work->payload, placed);
                            if (!payload) return lacks_a_number(work);
                            for (const auto& each : placed) work->placed.push_back(each.at);
                            work->payload = std::move(*payload);
                            then();
                          });
}

bool Dispatcher::looks_provisional(const profile::QuotedNumber& quoted) const {
  const auto kind = std::ranges::find(doors_.profile.references, quoted.reference, &profile::ReferenceKind::name);
  return kind != doors_.profile.references.end() && profile::is_provisional(*kind, {}, quoted.number);
}

// Nothing: it is not known yet, or cannot be opened.
std::optional<std::string> Dispatcher::opened_number(const storage::Reference& reference) const {
  if (reference.value.empty()) return std::nullopt;
  const auto key = doors_.sealer.unwrap(reference.origin, reference.origin_wrapped_key);
  return key ? doors_.sealer.open(*key, reference.origin, sealed_as, reference.value) : std::nullopt;
}

// The store lets a record go only when what it quotes is known; whoever released it by hand must look again.
void Dispatcher::lacks_a_number(const WorkPtr& work) {
  metrics::log(Level::error, "number_unknown",
               {{Field::submission, work->record.id.text()}, {Field::route, work->record.route}});
  if (work->record.state == storage::State::unknown) return give_up_asking(work);
  if (work->record.state == storage::State::delivered) return keep_numbers(work, {}, true);
  hold(work, storage::HoldReason::person);
}

// What the provisional numbers of a record stand for, as far as `say` knows; the rest is read back later.
std::vector<storage::Resolved> Dispatcher::resolve(const WorkPtr& work, const SayNumber& say) const {
  std::vector<storage::Resolved> resolved;
  if (work->payload.provisional.empty()) return resolved;
  const Request request(doors_.profile, *work);
  if (!request.chain) return resolved;
  for (std::size_t at = 0; at < request.chain->yields.size(); ++at) {
    const auto& [name, scope] = request.chain->yields[at];
    const auto given = std::ranges::find(work->payload.provisional, name, &std::pair<std::string, std::string>::first);
    if (given == work->payload.provisional.end()) continue;
    const auto number = say(request.view(), work->route->yields[at]);
    if (!number) continue;
    resolved.push_back({number_key(*work, name, scope, given->second),
                        doors_.sealer.seal(work->key, work->record.id, sealed_as, *number),
                        number_key(*work, name, scope, *number)});
  }
  return resolved;
}

Dispatcher::SayNumber Dispatcher::in_reply(const rules::Reply* reply) {
  auto document = reply != nullptr ? profile::parse_json(reply->body) : std::nullopt;
  return [document = std::move(document)](const profile::RequestView&, const profile::Yield& yield) {
    return document ? profile::number_in_reply(yield, *document) : std::nullopt;
  };
}

Dispatcher::SayNumber Dispatcher::in_entry(const WorkPtr& work, const rules::ProbeRead& read) const {
  return [this, work, &read](const profile::RequestView& request, const profile::Yield& yield) {
    return work->route->probe && !yield.in_entry.empty()
               ? read.number_of(doors_.profile, *work->route->probe, request, yield, work->others)
               : std::nullopt;
  };
}

bool Dispatcher::lacks_numbers(const Work& work, const std::vector<storage::Resolved>& resolved) {
  return resolved.size() < work.payload.provisional.size();
}

bool Dispatcher::can_read_back(const profile::Route& route) {
  return route.probe && std::ranges::any_of(route.yields, [](const auto& yield) { return !yield.in_entry.empty(); });
}

// A delivered record whose reply did not say its number (a duplicate, say): the list is read until it does.
void Dispatcher::note_numbers(const WorkPtr& work, storage::Settlement& settlement, const SayNumber& say) const {
  if (settlement.event != storage::Event::delivered || work->payload.provisional.empty()) return;
  settlement.resolved = resolve(work, say);
  if (lacks_numbers(*work, settlement.resolved) && can_read_back(*work->route))
    settlement.read_back_at = *settlement.attempt.ended_at;
}

void Dispatcher::read_back(const WorkPtr& work) {
  if (!work->numbers_are_in) return put_in_numbers(work, [this, work] { read_back(work); });
  work->opened_at = doors_.clock.wall();
  work->started = doors_.clock.steady();
  if (!join_question(work)) keep_numbers(work, {}, false);
}

void Dispatcher::numbers_read(const WorkPtr& work, const rules::ProbeRead& read, const rules::Exchange& last) {
  auto resolved = resolve(work, in_entry(work, read));
  if (resolved.empty() && never_left(last)) return release(work, true);
  // Only an answer of the service's own can say that there is no such number.
  keep_numbers(work, std::move(resolved), true, rules::read_was_served(doors_.profile, last));
}

void Dispatcher::keep_numbers(const WorkPtr& work, std::vector<storage::Resolved> resolved, bool again,
                              bool may_give_up) {
  storage::ReadBack read;
  read.id = work->record.id;
  read.expected_version = work->record.version;
  read.epoch = work->epoch;
  read.resolved = std::move(resolved);
  const auto now = doors_.clock.wall();
  const auto since = now - work->record.settled_at.value_or(now);
  const auto& policy = options_.settle.read_back;
  const auto counted = may_give_up ? since : std::min(since, policy.age);
  if (const auto wait = rules::read_back_wait(policy, counted, doors_.uniform()); again && wait)
    read.again_at = now + *wait;
  if (lacks_numbers(*work, read.resolved) && !read.again_at)
    metrics::log(Level::warning, "number_not_found",
                 {{Field::submission, work->record.id.text()}, {Field::route, work->record.route}});
  doors_.store.read_back({std::move(read)}, doors_.home, [this, work](auto changed) {
    if (changed && changed->front().applied == storage::Applied::fenced) lost_lease();
    if (changed) return release(work, true);
    changed.error() == storage::Error::corrupt ? leave_alone(work, true) : release_for_later(work);
  });
}

}  // namespace titip::delivery
