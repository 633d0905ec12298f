// A service of the scheme bpjs_signature for tests: the shipped vaccination profile under that scheme, a clinic with a
// consumer's secret, and both sides of a signed call.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/message.h"
#include "storage/facilities.h"
#include "tests/gateway/fakes.h"
#include "tests/upstream/shipped_profile.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::tests {

inline const scheme::Consumer clinic{"10001", "the clinic's secret"};
inline constexpr std::string_view clinic_user_key = "0123456789abcdef";
inline const std::string clinic_authorization = "Basic cGV0dWdhczpyYWhhc2lhOjA5NQ==";  // petugas:rahasia:095

inline profile::Profile signing_profile() {
  auto profile = pcare_vaksin();
  profile.scheme = {};
  profile.scheme.kind = profile::SchemeKind::bpjs_signature;
  profile.scheme.encrypted_replies = profile::EncryptedReplies::by_user_key;
  return profile;
}

inline storage::Facility signing_facility(std::string code = "0905R002", const scheme::Consumer& consumer = clinic) {
  storage::Facility facility;
  facility.code = std::move(code);
  facility.late_entry_reason = "02";
  facility.consumer_id = consumer.id;
  facility.consumer_secret = consumer.secret;
  return facility;
}

// As a clinic's program sends them; an empty user_key: a program of 2021.
inline std::vector<http::Header> clinic_headers(std::string_view timestamp, const scheme::Consumer& by = clinic,
                                                std::string_view user_key = clinic_user_key) {
  std::vector<http::Header> headers{{"x-CONS-id", by.id},
                                    {"X-Timestamp", std::string(timestamp)},
                                    {"X-signature", scheme::bpjs_signature(by, timestamp)},
                                    {"X-authorization", clinic_authorization}};
  if (!user_key.empty()) headers.push_back({"user_key", std::string(user_key)});
  return headers;
}

// The national server's side: whether a call is signed for this moment, and its answer, sealed under the call's time.
inline bool is_signed(const client::OutboundRequest& call, const scheme::Consumer& by, clock::WallTime now) {
  const auto timestamp = header(call, "X-timestamp");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return header(call, "X-cons-id") == by.id && timestamp == std::to_string(seconds) &&
         scheme::bpjs_signature_is(by, timestamp, header(call, "X-signature"));
}
inline rules::Exchange sealed(const profile::Profile& profile, const client::OutboundRequest& call,
                              const scheme::Consumer& by, rules::Exchange exchange) {
  if (auto* reply = std::get_if<rules::Reply>(&exchange))
    reply->body = scheme::seal_reply(profile.envelope, by, header(call, "X-timestamp"), reply->body);
  return exchange;
}

}  // namespace titip::tests
