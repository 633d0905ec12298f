// The classifier: turns what came of an attempt into an outcome, with a verdict on the destination beside it. Pure.
// Delivered is only ever a positive match of a rule; whatever is not understood after the first byte is unknown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "upstream/profile/envelope.h"
#include "upstream/profile/profile.h"
#include "upstream/rules/exchange.h"

namespace titip::rules {

enum class OutcomeKind : std::uint8_t {
  delivered,
  duplicate,
  deferred,
  rejected,
  unknown,
  blocked,
  credentials_refused,
  login_expired
};

std::string_view name(OutcomeKind outcome);  // "credentials_refused": as profiles write it
OutcomeKind kind_of(profile::RuleOutcome outcome);

struct Classified {
  OutcomeKind outcome = OutcomeKind::unknown;
  std::string rule;     // the rule's id, or the failure's name
  bool served = false;  // the destination answered as itself: a sign of life. False counts against it in the breaker
  std::string words;    // the server's messages, for people, at most 1,000 bytes; may hold names and NIKs: seal it
};

Classified classify(const profile::Profile& profile, std::string_view route_id, const Exchange& exchange);

// The parts of the national envelope; nothing if the body is not one.
using profile::EnvelopeView;
using profile::read_envelope;

// Reads (health, log-in, pass-through) have no rules of their own: served means an envelope came, and neither the HTTP
// status nor the envelope's code is a 5xx.
bool read_was_served(const profile::Profile& profile, const Exchange& exchange);

// The same, and whose trouble it is if it was not.
enum class ReadVerdict : std::uint8_t {
  served,
  refused,     // a bare 401 or 403: whoever stands before the service does not let this caller in
  not_served,  // no reply, a 5xx, a page that is not the service's: trouble of all
};
ReadVerdict judge_read(const profile::Profile& profile, const Exchange& exchange);

// A health read whose credentials are refused is a sign of life only where the outcome rules say so.
struct HealthVerdict {
  bool served = false;
  bool refused = false;  // for its credentials
};
HealthVerdict judge_health_read(const profile::Profile& profile, const Exchange& exchange);

}  // namespace titip::rules
