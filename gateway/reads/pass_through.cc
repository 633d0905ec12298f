#include "gateway/reads/pass_through.h"

#include <memory>
#include <utility>

#include "gateway/clock/local_date.h"
#include "upstream/profile/envelope.h"
#include "upstream/rules/classify.h"

namespace titip::reads {

ReadAnswer own_answer(const profile::Profile& profile, int status, const words::Said& sentence,
                      std::string_view response, words::Language usual) {
  const auto in = [&](words::Language language) {
    return profile::write_envelope(profile.envelope, status, sentence.in(language), response);
  };
  return {.status = status,
          .content_type = "application/json",
          .body = in(usual),
          .both = ReadAnswer::Both{in(words::Language::en), in(words::Language::id)}};
}

ReadAnswer unavailable(const profile::Profile& profile, const client::Health& health, std::chrono::minutes utc_offset) {
  auto sentence = words::said("The national server is not available");
  if (health.outage_since)
    sentence += words::said(" since {} {}", clock::local_hour_minute(*health.outage_since, utc_offset),
                            clock::zone_name(utc_offset));
  sentence += words::said("; this cannot be read now. Records can be sent all the same, and are kept safe.");
  auto answer = own_answer(profile, 503, sentence);
  answer.served = false;
  return answer;
}

ReadAnswer not_let_in(const profile::Profile& profile, int http_status) {
  auto answer =
      own_answer(profile, http_status,
                 words::said("The national server does not allow this request (HTTP {}). Look at the user name, "
                             "password and user_key in your program.",
                             http_status));
  answer.served = false;
  return answer;
}

namespace {

// Any reply of the service's own that is no refusal shows that it knows the user.
bool was_let_in(const profile::Profile& profile, const rules::Exchange& exchange) {
  const auto* reply = std::get_if<rules::Reply>(&exchange);
  if (reply == nullptr || reply->http_status / 100 != 2) return false;
  const auto envelope = rules::read_envelope(profile.envelope, reply->body);
  return envelope && envelope->code / 100 == 2;
}

}  // namespace

void send_on(const PassThroughDoors& doors, ReadCall call, std::move_only_function<void(rules::Exchange)> done) {
  client::OutboundRequest request;
  const auto what = call.what;
  std::string whose = call.facility;
  request.method = std::move(call.method);
  request.target = std::move(call.target);
  request.body = std::move(call.body);
  request.headers = {{"Accept", "application/json"}};
  if (!call.content_type.empty()) request.headers.emplace_back("Content-Type", std::move(call.content_type));
  if (!call.facility.empty() && !doors.profile.scheme.facility_header.empty())
    request.headers.emplace_back(doors.profile.scheme.facility_header, std::move(call.facility));
  if (doors.profile.scheme.kind == profile::SchemeKind::bpjs_signature && call.signer) {
    const auto at = std::chrono::floor<std::chrono::seconds>(doors.clock.wall());
    auto call_signed = scheme::sign_call(
        doors.profile.envelope, {call.signer->consumer_id, call.signer->consumer_secret}, call.credentials, at);
    request.add_signed(std::move(call_signed.headers), std::move(call_signed.open));
    if (doors.let_in && !call.credentials.authorization.empty())
      done = [&profile = doors.profile, let_in = doors.let_in, facility = call.signer->code,
              credentials = call.credentials, done = std::move(done)](rules::Exchange exchange) mutable {
        if (was_let_in(profile, exchange)) let_in(facility, credentials);
        done(std::move(exchange));
      };
  }
  struct Waiting {
    std::move_only_function<void(rules::Exchange)> done;
    clock::Timers::Id timer = 0;
  };
  const auto waiting = std::make_shared<Waiting>(std::move(done));
  waiting->timer = doors.timers.after(doors.answer_within, [waiting] {
    if (auto late = std::exchange(waiting->done, nullptr)) late(rules::Failure::response_timeout);
  });
  doors.upstream.send(std::move(request), what, std::move(whose), doors.back,
                      [waiting, &timers = doors.timers](rules::Exchange exchange) {
                        auto in_time = std::exchange(waiting->done, nullptr);
                        if (!in_time) return;
                        timers.cancel(waiting->timer);
                        in_time(std::move(exchange));
                      });
}

void pass_through(const PassThroughDoors& doors, ReadCall call, std::move_only_function<void(ReadAnswer)> done) {
  send_on(doors, std::move(call), [doors, done = std::move(done)](const rules::Exchange& exchange) mutable {
    const auto* reply = std::get_if<rules::Reply>(&exchange);
    const auto verdict = rules::judge_read(doors.profile, exchange);
    if (verdict == rules::ReadVerdict::refused) {
      doors.probes.answered("upstream");
      return done(not_let_in(doors.profile, reply->http_status));
    }
    if (verdict != rules::ReadVerdict::served) {
      doors.probes.answered("unavailable");
      return done(unavailable(doors.profile, doors.upstream.health(), doors.utc_offset));
    }
    doors.probes.answered("upstream");
    done({reply->http_status, reply->content_type, reply->body, {}});
  });
}

}  // namespace titip::reads
