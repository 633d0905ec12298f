#include "gateway/app.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/clock_words.h"
#include "gateway/clock/local_date.h"
#include "gateway/http/accept_language.h"

namespace titip::gateway {
namespace {

constexpr auto heartbeat_limit = std::chrono::milliseconds(5'000);

nlohmann::ordered_json gate_json(const admin::Gate& gate) {
  return {{"reason", gate.reason.english()}, {"reason_id", gate.reason.in(words::Language::id)}, {"since", gate.since}};
}

nlohmann::ordered_json callbacks_json(const CallbackDelivery& callbacks, const storage::Counts& counts) {
  const auto found = counts.destinations.find(storage::callback_destination);
  nlohmann::ordered_json document{{"waiting", found != counts.destinations.end() ? reads::pending(found->second) : 0},
                                  {"gate", nullptr},
                                  {"gated_facilities", nlohmann::ordered_json::object()}};
  if (const auto gate = callbacks.gate()) document["gate"] = gate_json(*gate);
  for (const auto& [facility, gate] : callbacks.gated_facilities())
    document["gated_facilities"][facility] = gate_json(gate);
  return document;
}

}  // namespace

reads::StatusFacts App::facts() const {
  reads::StatusFacts facts;
  facts.store = store_->health();
  facts.utc_offset = config_.utc_offset;
  facts.now = clock_.wall();
  const auto counts = store_->counts();
  for (const auto& destination : destinations_) {
    reads::DestinationFacts each;
    each.destination = destination->name();
    if (const auto found = counts.destinations.find(destination->name()); found != counts.destinations.end())
      each.counts = found->second;
    each.health = destination->reads().health();
    each.sends_per_second = destination->sends_per_second();
    each.deadline_share = destination->deadline_share();
    if (const auto gate = destination->gate()) each.gate = reads::Gated{gate->reason, gate->since};
    for (const auto& [facility, gate] : destination->gated_facilities())
      each.gated_facilities.emplace(facility, reads::Gated{gate.reason, gate.since});
    if (const auto drain = destination->drain()) each.drain = drain_facts(*drain, clock_.wall());
    each.unknown_outcomes = static_cast<std::uint64_t>(destination->probes().unknown_outcomes());
    each.probes = static_cast<std::uint64_t>(destination->probes().probes());
    facts.destinations.push_back(std::move(each));
  }
  return facts;
}

admin::Ended App::operators_status() const {
  const auto what = facts();
  auto document = reads::status_json(what);
  document["gateway_runs"] = true;
  document["callbacks"] = callbacks_json(*callbacks_, store_->counts());
  if (const auto running = desk_->running())
    document["upkeep"] = {{"command", running->command},
                          {"since", clock::rfc3339(running->since)},
                          {"done", running->progress.done},
                          {"of", running->progress.of}};
  auto sentence = reads::sentence(what);
  if (const auto doubt = admin::clock_words(what.store); !doubt.empty()) sentence += words::verbatim(" ") + doubt;
  return {{}, false, std::move(sentence), document.dump()};
}

void App::fill_queue_metrics() {
  const auto counts = store_->counts();
  for (auto& destination : destinations_) {
    const auto found = counts.destinations.find(destination->name());
    const auto& each = found != counts.destinations.end() ? found->second : storage::DestinationCounts{};
    for (const auto state : storage::all_states)
      destination->queue().submissions(storage::name(state), each.by_state[static_cast<std::size_t>(state)]);
    destination->queue().bytes.set(static_cast<double>(each.payload_bytes_pending));
    destination->queue().ages(each.pending_by_minute, clock_.wall());
    destination->queue().needs_attention.set(static_cast<double>(each.need_attention));
    destination->queue().gated.set(destination->gate() ? 1 : 0);
    destination->queue().ledger_difference.set(static_cast<double>(reads::ledger_difference(each)));
  }
  callbacks_->show(counts);
  const auto known = facilities_.counts();
  facility_probes_.enabled.set(static_cast<double>(known.enabled));
  facility_probes_.disabled.set(static_cast<double>(known.disabled));
  if (tls_) {
    const auto validity = tls_->validity();
    certificate_probes_.listener(validity.own);
    certificate_probes_.client_authorities(validity.client_authorities);
  }
  front_probes_.in_flight_bytes.set(static_cast<double>(budget_->bytes()));
  front_probes_.addresses.set(static_cast<double>(budget_->clients()));
  read_probes_.kept_bytes.set(static_cast<double>(kept_size_->bytes()));
  const auto health = store_->health();
  commit_probes_.writer_queue.set(static_cast<double>(health.writer_queue));
  commit_probes_.last_patrol.set(std::chrono::duration<double>(health.patrolled_at.time_since_epoch()).count());
  commit_probes_.free_bytes.set(static_cast<double>(health.free_bytes));
  commit_probes_.takes(health.disk_uses);
  commit_probes_.writer_queue_bytes.set(static_cast<double>(health.writer_queue_bytes));
  retention_probes_.clock_doubted.set(health.clock_doubt ? 1 : 0);
}

bool App::alive() const {
  return callbacks_->loop().has_turned(heartbeat_limit) &&
         std::ranges::all_of(fronts_, [](const auto& f) { return f->loop().has_turned(heartbeat_limit); }) &&
         std::ranges::all_of(destinations_, [](const auto& d) { return d->loop().has_turned(heartbeat_limit); });
}

words::Said App::why_not_ready() const {
  if (stopping_) return words::text("The gateway is stopping.");
  const auto health = store_->health();
  if (!health.writable || health.disk_low)
    return health.why_not.empty() ? words::Said(words::text("The store takes no new work.")) : health.why_not;
  return {};
}

http::Response App::operations_answer(const http::Request& request) {
  const auto path = request.path();
  const auto wanted = http::wanted_language(request);
  if (request.method != "GET" && request.method != "HEAD")
    return front::fault_response(405, "method-not-allowed", words::text("Only GET is served here."), wanted);
  if (path == "/livez")
    return front::health_response(alive(), words::text("A loop of the gateway stands still."), "livez", wanted);
  if (path == "/readyz") {
    const auto why_not = why_not_ready();
    return front::health_response(why_not.empty(), why_not, "readyz", wanted);
  }
  if (path != "/metrics")
    return front::fault_response(404, "no-such-place", words::text("Here are /metrics, /livez and /readyz."), wanted);
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = registry_.expose();
  response.route = "metrics";
  return response;
}

}  // namespace titip::gateway
