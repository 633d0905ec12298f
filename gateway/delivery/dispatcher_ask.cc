// The dispatcher's questions: whether an attempt of unknown outcome landed.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/delivery/work.h"
#include "upstream/profile/json_text.h"

namespace titip::delivery {
namespace {

bool is_tied(const storage::Submission& record) {
  return !record.requirements.empty() || !record.provides.empty() || !record.references.empty();
}

}  // namespace

// An unknown record is due: ask whether it landed, or do what the route says without asking.
void Dispatcher::ask(const WorkPtr& work) {
  if (!work->numbers_are_in) return put_in_numbers(work, [this, work] { ask(work); });
  const auto& route = *work->route;
  work->opened_at = doors_.clock.wall();
  work->started = doors_.clock.steady();
  const auto wait = late_apply_.remaining(work->record.id, work->started);
  if (route.after_unknown == profile::AfterUnknown::park) return give_up_asking(work);
  if (route.after_unknown == profile::AfterUnknown::repeat) {
    // Unless the server honours the key, the first attempt must be over for good before it is repeated: applied after
    // the repeat, it could overwrite what the person's next record wrote. And where it does, the repeat must be the
    // person's next write: others pass one that needs them, and one that is needed has passed others.
    const bool keeps_its_place = !is_tied(work->record);
    if (wait.count() > 0 && !(doors_.profile.honours_idempotency_key && keeps_its_place)) return ask_later(work, wait);
    return move(work, storage::Event::repeat_allowed, {});
  }
  if (!join_question(work)) give_up_asking(work);
}

// Whoever asks the same of the same list while the question is under way shares its answer. False: the record lacks
// what a question needs.
bool Dispatcher::join_question(const WorkPtr& work) {
  auto request = question_of(*work, 0);
  if (!request) return false;
  const Question question(work->record.facility, request->target);
  const auto [read, is_new] = reads_.try_emplace(question, SharedRead{work->opened_at, work->started});
  read->second.waiting.push_back(work);
  if (is_new) read_page(question, std::move(*request));
  return true;
}

std::optional<client::OutboundRequest> Dispatcher::question_of(const Work& work, std::uint64_t start) const {
  const auto path = std::string_view(work.payload.target).substr(0, work.payload.target.find('?'));
  const auto match = profile::match(doors_.profile, work.payload.method, path);
  const auto body = profile::parse_request(work.payload.body);
  if (!body) return std::nullopt;
  const auto today = clock::local_date(work.opened_at, doors_.profile.utc_offset);
  return build_probe({doors_.profile, *work.route, work.record, work.payload, *work.facility, today}, *body,
                     match.parameters, start);
}

void Dispatcher::read_page(const Question& question, client::OutboundRequest request) {
  const auto asker = reads_.at(question).waiting.front();
  // Without a secret its lane is closed until there is one.
  if (!sign(request, asker)) return page_read(question, rules::Failure::not_admitted);
  doors_.upstream.send_read(std::move(request), {asker->breaker_key(), asker->record.facility},
                            client::Upstream::Asker::delivery,
                            [this, question](const rules::Exchange& exchange) { page_read(question, exchange); });
}

// The next page, while somebody has not found his; then everybody's answer.
void Dispatcher::page_read(const Question& question, const rules::Exchange& exchange) {
  auto& reading = reads_.at(question);
  reading.read.take(exchange);
  const auto& asker = *reading.waiting.front();
  const auto start = reading.read.next_start(doors_.profile, *asker.route->probe);
  const auto is_missed = [&](const auto& each) {
    if (number_that_tells_apart(*each->route) != nullptr) return true;  // what is found so far may be another's
    return each->record.state == storage::State::delivered
               ? lacks_numbers(*each, resolve(each, in_entry(each, reading.read)))
               : look_for(*each, reading.read) != rules::ProbeResult::found_equal;
  };
  if (start && !stopping_ && std::ranges::any_of(reading.waiting, is_missed)) {
    if (auto request = question_of(asker, *start)) return read_page(question, std::move(*request));
  }
  const auto shared = std::move(reads_.extract(question).mapped());
  note_answer(shared.waiting.front(), exchange);
  for (const auto& each : shared.waiting) {
    // Each under its own wait: what counts is when the first page was asked for.
    each->opened_at = shared.opened_at;
    const bool may_decide = late_apply_.remaining(each->record.id, shared.started).count() == 0;
    tell_apart(each, {shared.read, exchange, may_decide});
  }
}

void Dispatcher::judge(const WorkPtr& work, const Answered& answered) {
  if (work->record.state == storage::State::delivered) return numbers_read(work, answered.read, answered.last);
  asked(work, answered.may_decide, answered.read, answered.last);
}

// What an answer says of the facility, and of the password that the asker's call carried: once, not for each who waits.
void Dispatcher::note_answer(const WorkPtr& asker, const rules::Exchange& exchange) {
  if (never_left(exchange)) return;
  const auto said = rules::classify(doors_.profile, asker->record.route, exchange).outcome;
  // Refused to everybody at once it says nothing of this facility, to a question no more than to a write.
  const bool refused = said == rules::OutcomeKind::credentials_refused;
  const bool let_in = rules::read_was_served(doors_.profile, exchange) && said != rules::OutcomeKind::login_expired;
  const bool answered = refused || let_in;
  if (!answered || !doors_.upstream.credentials_answered(asker->record.facility, refused)) note_standing(asker, said);
}

rules::ProbeResult Dispatcher::look_for(const Work& work, const rules::ProbeRead& read) const {
  const auto path = std::string_view(work.payload.target).substr(0, work.payload.target.find('?'));
  const auto match = profile::match(doors_.profile, work.payload.method, path);
  const auto body = profile::parse_request(work.payload.body);
  if (!body) return rules::ProbeResult::inconclusive;
  return read.look_for(doors_.profile, *work.route->probe, {&*body, &match.parameters, work.record.facility},
                       work.others);
}

// Stays unknown, without a line in the timeline: nothing was asked.
void Dispatcher::ask_later(const WorkPtr& work, std::chrono::milliseconds wait) {
  storage::Settlement settlement;
  settlement.id = work->record.id;
  settlement.expected_version = work->record.version;
  settlement.event = storage::Event::probe_inconclusive;
  settlement.backoff_steps = work->record.backoff_steps;
  settlement.aging_since = work->record.aging_since;
  settlement.due_at = work->opened_at + wait;
  store_settlement(work, std::move(settlement));
}

void Dispatcher::asked(const WorkPtr& work, bool may_decide, const rules::ProbeRead& read,
                       const rules::Exchange& last) {
  const auto result = look_for(*work, read);
  // Never left: the breaker opened meanwhile. The record stays due; it is no finding about it.
  if (never_left(last) && result != rules::ProbeResult::found_equal) return release(work, true);
  const auto* reply = std::get_if<rules::Reply>(&last);
  const auto end = end_of(work);
  const auto decides_at = end.ended_at + late_apply_.remaining(work->record.id, doors_.clock.steady());
  auto settlement = settle_probe(work->record, result, end, may_decide, decides_at, options_.settle);
  settlement.attempt.http_status = static_cast<std::uint16_t>(reply ? reply->http_status : 0);
  if (!reply) settlement.attempt.rule = rules::name(std::get<rules::Failure>(last));
  doors_.probes.probed(storage::name(settlement.attempt.outcome));
  note_numbers(work, settlement, in_entry(work, read));
  settle(work, std::move(settlement), {}, nullptr);
}

void Dispatcher::give_up_asking(const WorkPtr& work) {
  move(work, storage::Event::gave_up_probing, storage::HoldReason::unknown);
}

}  // namespace titip::delivery
