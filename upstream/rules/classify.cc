#include "upstream/rules/classify.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "upstream/profile/json_text.h"

namespace titip::rules {
namespace {

using profile::OutcomeRule;
using profile::RuleOutcome;

constexpr std::size_t max_words_bytes = 1'000;

template <typename List, typename Value>
bool allows(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

bool matches(const OutcomeRule& rule, std::string_view route_id, int http_status,
             const std::optional<EnvelopeView>& envelope) {
  if (!allows(rule.routes, route_id) ||
      !(allows(rule.http_status, http_status) || allows(rule.http_status, http_status / 100))) {
    return false;
  }
  if (rule.envelope && *rule.envelope != envelope.has_value()) {
    return false;
  }
  if (!rule.code.empty() && !(envelope && allows(rule.code, envelope->code))) {
    return false;
  }
  return rule.text.empty() || (envelope && profile::contains_text(envelope->all_text, rule.text));
}

// Cut between characters, so that what is stored and shown stays UTF-8.
std::string shorten(std::string words) {
  if (words.size() > max_words_bytes) {
    std::size_t end = max_words_bytes;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) {
      --end;
    }
    words.resize(end);
  }
  return words;
}

std::string words_of(const Reply& reply, const std::optional<EnvelopeView>& envelope) {
  if (envelope) {
    return shorten(envelope->all_text);
  }
  // Nothing of the body: an error page says nothing to people, and may hold anything.
  return fmt::format("HTTP {} with {} that is not the service's envelope", reply.http_status,
                     reply.body.empty() ? "an empty body" : fmt::format("{} bytes", reply.body.size()));
}

}  // namespace

std::string_view name(OutcomeKind outcome) {
  switch (outcome) {
    case OutcomeKind::delivered:
      return "delivered";
    case OutcomeKind::duplicate:
      return "duplicate";
    case OutcomeKind::deferred:
      return "deferred";
    case OutcomeKind::rejected:
      return "rejected";
    case OutcomeKind::unknown:
      return "unknown";
    case OutcomeKind::blocked:
      return "blocked";
    case OutcomeKind::credentials_refused:
      return "credentials_refused";
    case OutcomeKind::login_expired:
      return "login_expired";
  }
  return "unknown";
}

OutcomeKind kind_of(RuleOutcome outcome) {
  switch (outcome) {
    case RuleOutcome::delivered:
      return OutcomeKind::delivered;
    case RuleOutcome::duplicate:
      return OutcomeKind::duplicate;
    case RuleOutcome::deferred:
      return OutcomeKind::deferred;
    case RuleOutcome::rejected:
      return OutcomeKind::rejected;
    case RuleOutcome::unknown:
      return OutcomeKind::unknown;
    case RuleOutcome::blocked:
      return OutcomeKind::blocked;
    case RuleOutcome::credentials_refused:
      return OutcomeKind::credentials_refused;
    case RuleOutcome::login_expired:
      return OutcomeKind::login_expired;
  }
  return OutcomeKind::unknown;
}

Classified classify(const profile::Profile& profile, std::string_view route_id, const Exchange& exchange) {
  if (const auto* failure = std::get_if<Failure>(&exchange)) {
    return {.outcome = certainly_not_sent(*failure) ? OutcomeKind::deferred : OutcomeKind::unknown,
            .rule = std::string(name(*failure)),
            .served = false,
            .words = {}};
  }
  const Reply& reply = std::get<Reply>(exchange);
  const auto envelope = read_envelope(profile.envelope, reply.body);
  const auto rule = std::ranges::find_if(profile.rules, [&](const OutcomeRule& candidate) {
    return matches(candidate, route_id, reply.http_status, envelope);
  });
  // Loaded profiles end in a catch-all; one that was put together by hand may not.
  if (rule == profile.rules.end()) {
    return {.outcome = OutcomeKind::unknown, .rule = "no_rule", .served = false, .words = words_of(reply, envelope)};
  }
  return {
      .outcome = kind_of(rule->outcome), .rule = rule->id, .served = rule->served, .words = words_of(reply, envelope)};
}

bool read_was_served(const profile::Profile& profile, const Exchange& exchange) {
  const auto* reply = std::get_if<Reply>(&exchange);
  if (reply == nullptr || reply->http_status < 100 || reply->http_status >= 500) {
    return false;
  }
  // "No data", as these services say it too; an error page has another status, and a body.
  if (reply->http_status == 204) return profile::is_blank(reply->body);
  const auto envelope = read_envelope(profile.envelope, reply->body);
  return envelope && envelope->code / 100 != 5;
}

ReadVerdict judge_read(const profile::Profile& profile, const Exchange& exchange) {
  if (read_was_served(profile, exchange)) return ReadVerdict::served;
  const auto* reply = std::get_if<Reply>(&exchange);
  const bool bare = reply != nullptr && !read_envelope(profile.envelope, reply->body);
  const bool refused = bare && (reply->http_status == 401 || reply->http_status == 403);
  return refused ? ReadVerdict::refused : ReadVerdict::not_served;
}

HealthVerdict judge_health_read(const profile::Profile& profile, const Exchange& exchange) {
  const auto classified = classify(profile, {}, exchange);
  const bool refused = classified.outcome == OutcomeKind::credentials_refused;
  return {refused ? classified.served : read_was_served(profile, exchange), refused};
}

}  // namespace titip::rules
