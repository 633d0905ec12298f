#include "gateway/drains.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"
#include "storage/waiting_home.h"

namespace titip::gateway {
namespace {

using admin::Command;
using admin::Ended;
using admin::Trouble;
using delivery::Drain;
using delivery::DrainOrder;
using delivery::DrainPlan;
using delivery::DrainState;
using nlohmann::ordered_json;
using storage::State;

constexpr std::size_t facilities_said = 5;
constexpr std::size_t facilities_listed = 1'000;

struct AtFacility {
  std::string facility;
  std::uint64_t waiting = 0;
};

std::string share_text(double share) {
  return fmt::format("{:.0f} %", share * 100);
}

DrainPlan plan_of(const admin::DrainWords& words, const DrainedDestination& destination) {
  DrainPlan plan;
  plan.utc_offset = destination.server_offset;
  if (words.canary) plan.canary = *words.canary;
  if (words.per_second) plan.per_second = *words.per_second;
  if (words.abort_share) plan.abort_share = *words.abort_share;
  if (const auto pause = admin::parse_daily_pause(words.daily_pause))
    plan.daily_pause = delivery::DailyPause{pause->first, pause->second};
  return plan;
}

// Lane by lane, so that no answer is large: the store's own fine counts, most waiting first.
storage::Result<std::vector<AtFacility>> by_facility(storage::Store& store, const std::string& destination) {
  storage::WaitingHome home;
  const auto lanes =
      home.ask<std::vector<storage::Lane>>([&](auto done) { store.lanes(destination, home, std::move(done)); });
  if (!lanes) return std::unexpected(lanes.error());
  std::vector<AtFacility> found;
  for (const auto& lane : *lanes) {
    const auto rows = home.ask<std::vector<storage::CountRow>>(
        [&](auto done) { store.count({lane.destination, lane.facility}, home, std::move(done)); });
    if (!rows) return std::unexpected(rows.error());
    AtFacility at{lane.facility, 0};
    for (const auto& row : *rows)
      if (!storage::is_terminal(row.state) && row.state != State::held) at.waiting += row.count;
    if (at.waiting > 0) found.push_back(std::move(at));
  }
  std::ranges::sort(found, [](const auto& a, const auto& b) {
    return a.waiting != b.waiting ? a.waiting > b.waiting : a.facility < b.facility;
  });
  return found;
}

words::Said facilities_text(const std::vector<AtFacility>& facilities) {
  words::Said text;
  for (std::size_t at = 0; at < std::min(facilities.size(), facilities_said); ++at) {
    text += fmt::format("{}{} ", at == 0 ? "" : ", ", facilities[at].facility);
    text += words::grouped(facilities[at].waiting);
  }
  if (facilities.size() > facilities_said)
    text += words::said(", and {} more", words::grouped(facilities.size() - facilities_said));
  return text;
}

// The slower of the drain's pace and the configured one holds.
std::optional<std::chrono::seconds> foreseen(DrainPlan plan, double configured, std::uint64_t waiting) {
  if (configured > 0 && (plan.per_second == 0 || configured < plan.per_second)) plan.per_second = configured;
  return delivery::estimate(plan, waiting);
}

words::Said pace_text(const DrainPlan& plan, std::optional<std::chrono::seconds> takes) {
  auto text = plan.canary > 0 ? words::said("{} go first and are waited for; then the rest",
                                            words::counted(plan.canary, words::text("records")))
                              : words::said("All go");
  if (plan.per_second > 0) text += words::said(", {} a second", plan.per_second);
  text += takes ? words::said(": about {}.", reads::duration_text(*takes))
                : words::said(", as fast as the server lets them: how long, nobody can know yet.");
  if (plan.daily_pause) text += words::said(" Each day it pauses as told.");
  text += words::said(" It stops by itself when over {} of the last {} are rejected or unknown.",
                      share_text(plan.abort_share), plan.abort_sample);
  return text;
}

Ended preview(const DrainPlan& plan, const DrainedDestination& destination, const DrainDoors& doors) {
  const auto counts = doors.store.counts();
  const auto found = counts.destinations.find(destination.name);
  const auto waiting = found != counts.destinations.end() ? delivery::waiting_in(found->second) : 0;
  if (waiting == 0)
    return admin::in_trouble(Trouble::not_found,
                             words::said("No record waits for {}: there is nothing to drain.", destination.name));
  const auto facilities = by_facility(doors.store, destination.name);
  if (!facilities) return admin::store_trouble(facilities.error());
  const auto takes = foreseen(plan, destination.per_second, waiting);
  ordered_json result{{"destination", destination.name}, {"waiting", waiting}, {"facilities", facilities->size()}};
  result["by_facility"] = ordered_json::array();
  for (std::size_t at = 0; at < std::min(facilities->size(), facilities_listed); ++at)
    result["by_facility"].push_back({{"facility", (*facilities)[at].facility}, {"waiting", (*facilities)[at].waiting}});
  result["estimated_s"] = takes ? ordered_json(takes->count()) : ordered_json(nullptr);
  const auto of = words::counted(facilities->size(), words::text("facilities"));
  return {{},
          false,
          waiting == 1 ? words::said("1 record waits for {}, of {}: {}. {}", destination.name, of,
                                     facilities_text(*facilities), pace_text(plan, takes))
                       : words::said("{} wait for {}, of {}: {}. {}", words::counted(waiting, words::text("records")),
                                     destination.name, of, facilities_text(*facilities), pace_text(plan, takes)),
          result.dump()};
}

Ended standing(const std::string& destination, const Drain& drain, clock::WallTime now) {
  const auto facts = drain_facts(drain, now);
  auto result = reads::drain_json(facts);
  result["destination"] = destination;
  return {{}, false, words::said("The drain of {} {}", destination, reads::drain_sentence(facts)), result.dump()};
}

Ended show(const std::string& destination, const DrainDoors& doors) {
  const auto drain = doors.look(destination);
  if (!drain) return admin::in_trouble(Trouble::failed, drain.error());
  if (!*drain) return admin::in_trouble(Trouble::not_found, words::said("There is no drain of {}.", destination));
  return standing(destination, **drain, doors.clock.wall());
}

DrainOrder order_of(const admin::Request& request, const DrainedDestination& destination) {
  using What = DrainOrder::What;
  DrainOrder order;
  order.what = request.command == Command::drain          ? What::start
               : request.command == Command::drain_pause  ? What::pause
               : request.command == Command::drain_resume ? What::resume
                                                          : What::cancel;
  order.plan = plan_of(request.drain, destination);
  order.reason = request.reason;
  if (request.drain.until_ms) order.until = clock::WallTime(std::chrono::milliseconds(*request.drain.until_ms));
  return order;
}

Ended obeyed(const std::string& destination, const delivery::DrainAnswer& answer, clock::WallTime now) {
  if (answer.refused)
    return admin::in_trouble(answer.refused->nothing_there ? Trouble::not_found : Trouble::failed,
                             words::said("{}: {}", destination, answer.refused->sentence));
  Ended ended;
  if (answer.drain) {
    ended = standing(destination, *answer.drain, now);
  } else {
    ended.sentence = words::said(
        "The drain of {} is taken away: what still waits goes as fast as the server lets it. "
        "`titip pause {}` keeps it from being sent.",
        destination, destination);
    ended.result = ordered_json{{"destination", destination}, {"state", nullptr}}.dump();
  }
  if (!answer.kept) {
    ended.partial = true;
    ended.sentence +=
        words::said(" (The store took no note of it yet; it is told again, and a restart before that forgets it.)");
  }
  return ended;
}

}  // namespace

reads::DrainFacts drain_facts(const Drain& drain, clock::WallTime now) {
  reads::DrainFacts facts;
  const auto state = drain.state(now);
  facts.state = delivery::name(state);
  facts.stands_still = state == DrainState::paused || state == DrainState::aborted;
  facts.is_done = state == DrainState::done;
  if (facts.stands_still) facts.reason = drain.reason().empty() ? words::said("its daily pause") : drain.reason();
  if (state == DrainState::paused) facts.goes_on_at = drain.wakes_at(now);
  facts.of = drain.of();
  facts.settled = drain.settled_so_far();
  facts.delivered = drain.delivered();
  facts.rejected = drain.rejected();
  facts.unknown = drain.unknown();
  facts.waiting = drain.waiting();
  facts.per_second = drain.plan().per_second;
  facts.canary = drain.plan().canary;
  facts.started_at = drain.started_at();
  facts.eta = drain.eta(now);
  return facts;
}

Ended drain_command(const admin::Request& request, const DrainDoors& doors) {
  const auto found = std::ranges::find(doors.destinations, request.destination, &DrainedDestination::name);
  if (found == doors.destinations.end())
    return admin::in_trouble(Trouble::not_found, words::said("The config has no destination {}.", request.destination));
  if (request.command == Command::drain_status) return show(found->name, doors);
  const auto order = order_of(request, *found);
  const auto now = doors.clock.wall();
  if (request.command == Command::drain && request.dry_run) {
    const auto drain = doors.look(found->name);
    if (!drain) return admin::in_trouble(Trouble::failed, drain.error());
    if (*drain && (*drain)->state(now) != DrainState::done)
      return obeyed(found->name, {delivery::obey(order, *drain, 1, now).error(), {}, false}, now);
    return preview(order.plan, *found, doors);
  }
  return obeyed(found->name, doors.order(found->name, order), doors.clock.wall());
}

std::expected<std::optional<Drain>, words::Said> kept_drain(storage::Store& store, const std::string& destination) {
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>(
      [&](auto done) { store.get_object(std::string(delivery::drain_kind), destination, home, std::move(done)); });
  if (!object)
    return std::unexpected(words::said("The record of the drain cannot be read ({}).", storage::name(object.error())));
  if (!*object) return std::nullopt;
  auto drain = Drain::decode((*object)->bytes);
  if (!drain) return std::unexpected(words::said("{}; `titip drain cancel` takes it away.", drain.error()));
  return *std::move(drain);
}

delivery::DrainAnswer order_kept_drain(storage::Store& store, const std::string& destination, const DrainOrder& order,
                                       clock::WallTime now) {
  auto kept = kept_drain(store, destination);
  const bool cancels = order.what == DrainOrder::What::cancel;
  if (!kept && !cancels) return {delivery::DrainRefused{false, kept.error()}, {}, false};
  const auto counts = store.counts();
  const auto found = counts.destinations.find(destination);
  const auto waiting = found != counts.destinations.end() ? delivery::waiting_in(found->second) : 0;
  auto drain = kept ? delivery::obey(order, std::move(*kept), waiting, now) : std::optional<Drain>();
  if (!drain) return {std::move(drain.error()), {}, false};
  storage::WaitingHome home;
  const auto applied = home.ask<std::vector<storage::Applied>>([&](auto done) {
    store.put_objects(
        {{std::string(delivery::drain_kind), destination, std::nullopt, *drain ? (*drain)->encode() : std::string()}},
        home, std::move(done));
  });
  if (!applied) return {delivery::DrainRefused{false, admin::store_trouble(applied.error()).sentence}, {}, false};
  return {{}, std::move(*drain), true};
}

}  // namespace titip::gateway
