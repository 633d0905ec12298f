#include "gateway/delivery/callback_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace titip::delivery {
namespace {

using storage::Event;
using storage::Outcome;

constexpr int gone_status = 410;
constexpr int too_many_requests = 429;

}  // namespace

std::string_view name(CallbackResult result) {
  switch (result) {
    case CallbackResult::delivered:
      return "delivered";
    case CallbackResult::deferred:
      return "deferred";
    case CallbackResult::gone:
      return "gone";
    case CallbackResult::address_refused:
      return "address_refused";
    case CallbackResult::not_sent:
      return "not_sent";
  }
  return "?";
}

CallbackAnswer read_callback_answer(const rules::Exchange& exchange) {
  CallbackAnswer answer;
  if (const auto* failure = std::get_if<rules::Failure>(&exchange)) {
    answer.rule = rules::name(*failure);
    answer.result = *failure == rules::Failure::not_admitted      ? CallbackResult::not_sent
                    : *failure == rules::Failure::address_refused ? CallbackResult::address_refused
                                                                  : CallbackResult::deferred;
    return answer;
  }
  const auto& reply = std::get<rules::Reply>(exchange);
  answer.http_status = static_cast<std::uint16_t>(reply.http_status);
  answer.rule = fmt::format("http_{}", reply.http_status);
  answer.served = reply.http_status < 500 && reply.http_status != too_many_requests;
  const bool taken = reply.http_status >= 200 && reply.http_status < 300;
  answer.result = taken                              ? CallbackResult::delivered
                  : reply.http_status == gone_status ? CallbackResult::gone
                                                     : CallbackResult::deferred;
  if (answer.result == CallbackResult::deferred) answer.retry_after = reply.retry_after;
  return answer;
}

storage::Settlement settle_callback(const storage::Submission& record, const CallbackAnswer& answer,
                                    const CallbackEnd& end, const CallbackPolicy& policy) {
  storage::Settlement settlement;
  settlement.id = record.id;
  settlement.expected_version = record.version;
  settlement.backoff_steps = record.backoff_steps;
  settlement.attempt.opened_at = end.opened_at;
  settlement.attempt.ended_at = end.ended_at;
  settlement.attempt.rule = answer.rule;
  settlement.attempt.http_status = answer.http_status;
  if (answer.result == CallbackResult::delivered) {
    settlement.event = Event::delivered;
    settlement.attempt.outcome = Outcome::delivered;
    settlement.counts_as_attempt = true;
    return settlement;
  }
  settlement.attempt.outcome = answer.result == CallbackResult::not_sent ? Outcome::not_sent : Outcome::deferred;
  // Kept for whoever opens the way again: the receiver's "gone" is about the receiver, not about this one.
  if (answer.result == CallbackResult::gone || answer.result == CallbackResult::not_sent || !end.host_is_up) {
    settlement.event = Event::returned;
    settlement.due_at = end.ended_at;
    return settlement;
  }
  settlement.event = Event::deferred;
  settlement.counts_as_attempt = true;
  settlement.backoff_steps = record.backoff_steps + 1;
  const auto again =
      end.ended_at + rules::backoff(policy.backoff, settlement.backoff_steps, end.uniform, answer.retry_after);
  // Looked at again when it is too old, so that giving up is not late either.
  settlement.due_at =
      std::max(end.ended_at, std::min<storage::WallTime>(again, record.accepted_at + policy.maximum_age));
  return settlement;
}

bool is_given_up(const storage::Submission& record, storage::WallTime now, const CallbackPolicy& policy) {
  return record.attempts >= policy.maximum_attempts || now - record.accepted_at >= policy.maximum_age;
}

}  // namespace titip::delivery
