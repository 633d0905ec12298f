// One callback on its way: the open mark, the signature, the call, the settlement.
#include <utility>

#include "gateway/delivery/callback_news.h"
#include "gateway/delivery/callback_work.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "upstream/scheme/callback_url.h"
#include "upstream/scheme/standard_webhook.h"

namespace titip::delivery {
namespace {

using metrics::Field;
using metrics::Level;

constexpr auto gone_words = words::text("the receiver of its callbacks says that it is gone (HTTP 410)");
constexpr auto slow_again_after = std::chrono::milliseconds(10'000);  // a record is damaged

// Both secrets sign while they are being changed: the receiver may know either.
std::vector<std::string> keys_of(const storage::Facility& facility) {
  std::vector<std::string> keys;
  for (const auto* secret : {&facility.callback_secret, &facility.former_callback_secret})
    if (auto key = scheme::webhook_key(*secret)) keys.push_back(std::move(*key));
  return keys;
}

client::CallbackRequest request_of(const scheme::CallbackUrl& url, const storage::Facility& facility,
                                   const storage::Submission& record, const storage::Payload& payload,
                                   storage::WallTime now) {
  const auto id = record.id.text();
  const scheme::WebhookMessage message{id, std::chrono::floor<std::chrono::seconds>(now), payload.body};
  client::CallbackRequest request{url.tls, url.host, url.port, url.target, {}, payload.body};
  request.headers = scheme::webhook_headers(keys_of(facility), message);
  request.headers.emplace_back("Host", url.host_header());
  request.headers.emplace_back("Content-Type", payload.content_type);
  return request;
}

}  // namespace

void Callbacks::open(const LookPtr& look, storage::Due due) {
  auto work = std::make_shared<Work>();
  work->record = std::move(due.submission);
  const auto key = doors_.sealer.unwrap(work->record.id, work->record.wrapped_key);
  const auto plain = key ? doors_.sealer.open(*key, work->record.id, "payload", due.payload) : std::nullopt;
  auto payload = plain ? storage::decode_payload(*plain) : std::nullopt;
  if (!payload) {
    metrics::log(Level::error, "record_unreadable", {{Field::submission, work->record.id.text()}});
    return end_unsent(look, work->record, storage::Event::hold);  // a person must look at it
  }
  work->payload = std::move(*payload);
  work->place = look->place;
  work->opened_at = doors_.clock.wall();
  work->epoch = lease_ ? lease_->epoch : 0;
  look->place_is_used = true;
  look->wake = true;  // what stands behind it
  ++look->steps;
  ++active_;
  storage::OpenAttempt mark;
  mark.id = work->record.id;
  mark.expected_version = work->record.version;
  mark.epoch = work->epoch;
  mark.attempt.opened_at = work->opened_at;
  doors_.store.open_attempts({std::move(mark)}, doors_.home,
                             [this, look, work](auto changed) { opened(look, work, std::move(changed)); });
}

void Callbacks::opened(const LookPtr& look, const WorkPtr& work,
                       storage::Result<std::vector<storage::Changed>> changed) {
  const bool is_open = changed && changed->front().applied == storage::Applied::yes;
  if (is_open) {
    work->record.version = changed->front().version;
    work->record.state = changed->front().state;
    send(work);
    return step_done(look);
  }
  hosts_.release(work->place);
  let_go();
  if (!changed && changed.error() != storage::Error::corrupt) return later(look);
  if (!changed) left_alone_.insert(work->record.id);
  if (changed && changed->front().applied == storage::Applied::fenced) lost_lease();
  step_done(look);
}

// Where to and with which secret is looked up now: a backlog outlives both.
void Callbacks::send(const WorkPtr& work) {
  const auto facility = doors_.facilities.find(work->record.facility);
  auto url = facility ? scheme::parse_callback_url(facility->callback_url) : std::unexpected(words::Text{});
  work->started = doors_.clock.steady();
  // Shut, or changed, while the mark was being written: then nothing is sent, and nothing is counted.
  if (stopping_ || !url || host_of(work->record.facility) != work->place.host) {
    hosts_.release(work->place);
    return ended(work, read_callback_answer(rules::Failure::not_admitted));
  }
  hosts_.started(work->place, work->started);
  doors_.door.post(request_of(*url, *facility, work->record, work->payload, doors_.clock.wall()),
                   [this, work](const rules::Exchange& exchange) { sent(work, exchange); });
}

void Callbacks::sent(const WorkPtr& work, const rules::Exchange& exchange) {
  const auto answer = read_callback_answer(exchange);
  const auto now = doors_.clock.steady();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - work->started);
  hosts_.finished(work->place, answer.served, answer.retry_after, doors_.uniform(), took, now);
  ended(work, answer);
}

void Callbacks::ended(const WorkPtr& work, const CallbackAnswer& answer) {
  const auto now = doors_.clock.steady();
  doors_.probes.attempted(name(answer.result), now - work->started);
  if (answer.result == CallbackResult::address_refused)
    metrics::log(Level::warning, "callback_address_refused", {{Field::facility, work->record.facility}});
  const CallbackEnd end{work->opened_at, doors_.clock.wall(), hosts_.is_up(work->place.host, now), doors_.uniform()};
  auto settlement = settle_callback(work->record, answer, end, options_.policy);
  settlement.epoch = work->epoch;
  if (answer.result == CallbackResult::gone) receiver_is_gone(work->record.facility);
  settle(work, std::move(settlement));
}

void Callbacks::receiver_is_gone(const std::string& facility) {
  if (!gated_facilities_.insert(facility).second) return;
  metrics::log(Level::warning, "callback_receiver_gone", {{Field::facility, facility}});
  if (doors_.gone) doors_.gone(facility, gone_words);
}

void Callbacks::settle(const WorkPtr& work, storage::Settlement settlement) {
  std::vector<storage::Settlement> batch{settlement};
  doors_.store.settle(
      std::move(batch), doors_.home,
      [this, work, settlement = std::move(settlement)](storage::Result<std::vector<storage::Changed>> changed) mutable {
        // Nothing was written and the store is well: what the receiver has taken must not be told it again for that.
        if (!changed && changed.error() != storage::Error::in_doubt && !stopping_ && doors_.store.health().writable) {
          doors_.timers.after(
              changed.error() == storage::Error::corrupt ? slow_again_after : callback_again_after,
              [this, work, settlement = std::move(settlement)]() mutable { settle(work, std::move(settlement)); });
          return;
        }
        if (changed && changed->front().applied == storage::Applied::fenced) lost_lease();
        const bool done = changed && changed->front().applied == storage::Applied::yes;
        if (done && changed->front().state == storage::State::delivered) doors_.probes.counted("delivered");
        let_go();
      });
}

}  // namespace titip::delivery
