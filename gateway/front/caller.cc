#include "gateway/front/caller.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "gateway/front/admission.h"
#include "upstream/scheme/api_key.h"
#include "upstream/scheme/facility_login.h"

namespace titip::front {
namespace {

using profile::SchemeKind;

constexpr std::size_t sealed_on_the_loop = 64U << 10U;
namespace bpjs = scheme::bpjs_header;

// The consumer as which a signature was made: while secrets are being rotated, the clinic may have either.
std::optional<scheme::Consumer> signer_of(const storage::Facility& facility, std::string_view id,
                                          std::string_view timestamp, std::string_view signature) {
  // Two checks, whatever there is to check: how long it takes tells nobody which consumers there are.
  const auto signed_with = [&](const std::string& secret) {
    const scheme::Consumer consumer{std::string(id), secret.empty() ? std::string(32, '-') : secret};
    const bool right = scheme::bpjs_signature_is(consumer, timestamp, signature);
    return right && !secret.empty();  // anybody can sign with no secret
  };
  const bool current = signed_with(facility.consumer_secret);
  const bool former = signed_with(facility.former_secret);
  if (!current && !former) return std::nullopt;
  return scheme::Consumer{std::string(id), current ? facility.consumer_secret : facility.former_secret};
}

bool is_in_time(std::optional<std::chrono::seconds> age, std::string_view timestamp, clock::WallTime now) {
  const auto said = scheme::read_bpjs_timestamp(timestamp);
  if (!said) return false;
  return !age || std::chrono::abs(now - *said) <= *age;
}

bool wants_sealed_replies(const profile::Scheme& scheme, const storage::Facility& facility, std::string_view user_key) {
  if (facility.encrypted_replies) return *facility.encrypted_replies;
  switch (scheme.encrypted_replies) {
    case profile::EncryptedReplies::by_user_key:
      return !user_key.empty();
    case profile::EncryptedReplies::always:
      return true;
    case profile::EncryptedReplies::never:
      break;
  }
  return false;
}

std::optional<Caller> by_signature(const profile::Profile& profile, const storage::Facilities& facilities, Door door,
                                   const http::Request& request, clock::WallTime now) {
  static const auto nobody = std::make_shared<const storage::Facility>();
  const auto id = request.header(bpjs::consumer);
  const auto timestamp = request.header(bpjs::timestamp);
  auto facility = facilities.find_consumer(id);
  const bool known = facility != nullptr && !id.empty();
  if (!known) facility = nobody;
  auto consumer = signer_of(*facility, id, timestamp, request.header(bpjs::signature));
  if (!known || !consumer || facility->disabled || !is_in_time(signature_age(door, *facility), timestamp, now))
    return std::nullopt;
  scheme::Credentials credentials{std::string(request.header(bpjs::user_key)),
                                  std::string(request.header(bpjs::authorization))};
  const bool sealed = wants_sealed_replies(profile.scheme, *facility, credentials.user_key);
  Dialect dialect = sealed ? Dialect(profile.envelope, *std::move(consumer), std::string(timestamp)) : Dialect();
  return Caller{std::move(facility), std::move(credentials), std::move(dialect)};
}

// By whoever stands before us, in the ways that proxies are known for. One that keeps silent is not seen.
bool is_forwarded(const http::Request& request) {
  constexpr std::array<std::string_view, 6> told_by{"forwarded",         "x-forwarded-for", "x-forwarded-host",
                                                    "x-forwarded-proto", "x-real-ip",       "via"};
  return std::ranges::any_of(told_by, [&](auto name) { return !request.header(name).empty(); });
}

std::optional<Caller> by_header(const profile::Profile& profile, const storage::Facilities& facilities,
                                const http::Request& request, const Admission* admission) {
  // Codes are enough for this machine's own programs alone (gateway/exposure): not for whom a proxy here stands.
  if (admission == nullptr && is_forwarded(request)) return std::nullopt;
  const auto code = request.header(profile.scheme.facility_header);
  auto facility = scheme::is_facility_code(code) ? facilities.find(code) : nullptr;
  const bool known = facility != nullptr && !facility->disabled;
  if (admission != nullptr && !admission->lets_in(known ? facility.get() : nullptr, code, request)) return std::nullopt;
  if (!known) return std::nullopt;
  return Caller{std::move(facility), {}, {}};
}

}  // namespace

Dialect::Dialect(const profile::Envelope& shape, scheme::Consumer consumer, std::string timestamp)
    : seal_(Seal{shape, std::move(consumer), std::move(timestamp)}) {}

void Dialect::say(http::Response& response) const {
  if (seal_) response.body = scheme::seal_reply(seal_->shape, seal_->consumer, seal_->timestamp, response.body);
}

std::optional<std::chrono::seconds> signature_age(Door door, const storage::Facility& facility) {
  constexpr auto on_native = std::chrono::minutes(10);
  if (facility.signature_age || door == Door::mount) return facility.signature_age;
  return on_native;
}

std::optional<Caller> find_caller(const profile::Profile& profile, const storage::Facilities& facilities, Door door,
                                  const http::Request& request, clock::WallTime now, const Admission* admission) {
  switch (profile.scheme.kind) {
    case SchemeKind::bpjs_signature:
      return by_signature(profile, facilities, door, request, now);
    case SchemeKind::facility_login:
      return by_header(profile, facilities, request, admission);
    case SchemeKind::none:
      break;
  }
  return std::nullopt;
}

words::Said who_is_asked_for(const profile::Profile& profile, const Admission* admission) {
  if (profile.scheme.kind == SchemeKind::bpjs_signature)
    return words::said("Unauthorized: {}, {} and {} are not those of a consumer that this gateway knows.",
                       bpjs::consumer, bpjs::timestamp, bpjs::signature);
  if (admission != nullptr)
    return words::said(
        "The facility named in {} is not known to this gateway, or nothing proves that it is the one that asks: its "
        "API key in {}, its certificate, or its network.",
        profile.scheme.facility_header, scheme::api_key_header);
  return words::said(
      "The facility named in {} is not known to this gateway, or a proxy sent this on and the gateway's \"admission\" "
      "does not say what proves a facility.",
      profile.scheme.facility_header);
}

http::Responder in_dialect(Dialect dialect, http::Responder respond, OffLoop off_loop) {
  if (dialect.is_plain()) return respond;
  // Destroyed unanswered, the inner one says so itself.
  return {[dialect = std::move(dialect), respond = std::move(respond),
           off_loop = std::move(off_loop)](http::Response&& response) mutable {
            if (off_loop && response.body.size() > sealed_on_the_loop) {
              auto said = std::make_shared<http::Response>(std::move(response));
              auto work = [dialect = std::move(dialect), said] { dialect.say(*said); };
              return off_loop(std::move(work),
                              [said, respond = std::move(respond)]() mutable { respond(std::move(*said)); });
            }
            dialect.say(response);
            respond(std::move(response));
          },
          nullptr};
}

}  // namespace titip::front
