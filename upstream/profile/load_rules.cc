// Outcome rules and the fixtures that prove them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "metrics/words/said.h"
#include "upstream/profile/json_text.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/shapes.h"

namespace titip::profile {
namespace {

std::vector<int> read_statuses(const Node& node) {
  std::vector<int> statuses;
  for (const Node& item : node.items()) {
    const auto status = static_cast<int>(item.whole(1, 599));
    if (status > 5 && status < 100) {
      item.fail(words::tell("{} is no HTTP status; write three digits, or one for a class (5 is any 5xx)", status));
    }
    statuses.push_back(status);
  }
  return statuses;
}

RuleOutcome read_outcome(const Node& node) {
  return node.choice<RuleOutcome>({{"unknown", RuleOutcome::unknown},
                                   {"delivered", RuleOutcome::delivered},
                                   {"duplicate", RuleOutcome::duplicate},
                                   {"deferred", RuleOutcome::deferred},
                                   {"rejected", RuleOutcome::rejected},
                                   {"blocked", RuleOutcome::blocked},
                                   {"credentials_refused", RuleOutcome::credentials_refused},
                                   {"login_expired", RuleOutcome::login_expired}});
}

std::vector<std::pair<std::string, std::string>> read_headers(const Node& node) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!node.value().is_object()) {
    node.fail(words::tell("write an object: {{\"Retry-After\": \"30\"}}"));
    return headers;
  }
  for (const auto& [name, unused] : node.value().items()) {
    if (const Complaint complaint = header_name(name)) {
      node.fail(fmt::format("\"{}\" {}", name, *complaint));
      break;
    }
    headers.emplace_back(name, node.at(name).text());
  }
  return headers;
}

// The promises of the outcomes that end or repeat a record rest on what a rule demands to see.
void check_demands(const Node& node, const OutcomeRule& rule) {
  const bool needs_envelope = rule.envelope.value_or(false) || !rule.text.empty() || !rule.code.empty();
  if (rule.envelope == false && (!rule.text.empty() || !rule.code.empty())) {
    node.at("envelope")
        .fail(
            words::tell("codes and texts are read from an envelope, so this rule can never match; remove one of them"));
  }
  const bool is_there = rule.outcome == RuleOutcome::delivered || rule.outcome == RuleOutcome::duplicate;
  if (is_there && rule.text.empty() && rule.code.empty()) {
    node.at("outcome").fail(words::tell(
        "\"delivered\" and \"duplicate\" need positive evidence; add the envelope's \"code\" or a \"text\" that proves "
        "it"));
  }
  if (rule.outcome == RuleOutcome::rejected && !needs_envelope) {
    node.at("outcome").fail(
        words::tell("\"rejected\" needs the service's own words; add \"envelope\": true, a \"code\" or a \"text\""));
  }
  const bool may_repeat = rule.outcome == RuleOutcome::deferred || rule.outcome == RuleOutcome::login_expired ||
                          rule.outcome == RuleOutcome::credentials_refused || rule.outcome == RuleOutcome::blocked;
  if (may_repeat && rule.http_status.empty() && rule.code.empty() && rule.text.empty()) {
    node.at("outcome").fail(
        words::tell("records with this outcome are sent again, so the rule must prove that nothing was applied; add an "
                    "\"http_status\", a \"code\" or a \"text\""));
  }
}

}  // namespace

OutcomeRule read_rule(const Node& node) {
  node.only({"id", "http_status", "code", "text", "envelope", "routes", "outcome", "served"});
  OutcomeRule rule;
  rule.id = node.at("id").text(id_shape);
  if (node.has("http_status")) {
    rule.http_status = read_statuses(node.at("http_status"));
  }
  if (node.has("code")) {
    for (const Node& code : node.at("code").items()) {
      rule.code.push_back(static_cast<int>(code.whole(0, 999'999)));
    }
  }
  if (node.has("text")) {
    rule.text = node.at("text").text();
  }
  if (node.has("envelope")) {
    rule.envelope = node.at("envelope").flag();
  }
  if (node.has("routes")) {
    rule.routes = node.at("routes").texts();
  }
  rule.outcome = read_outcome(node.at("outcome"));
  rule.served = node.at("served").flag();
  check_demands(node, rule);
  return rule;
}

Fixture read_fixture(const Node& node) {
  node.only({"name", "route", "http_status", "headers", "body", "expect_rule", "expect_outcome", "expect_wait_s"});
  Fixture fixture;
  fixture.name = node.at("name").text();
  const Node route = node.at("route");
  fixture.routes = route.value().is_array() ? route.texts() : std::vector<std::string>{route.text()};
  fixture.http_status = static_cast<int>(node.at("http_status").whole(100, 599));
  if (node.has("headers")) fixture.headers = read_headers(node.at("headers"));
  // A string is the body byte for byte; anything else is the JSON that the body consists of.
  const nlohmann::json& body = node.at("body").value();
  fixture.body = body.is_string() ? body.get<std::string>() : dump_json(body);
  fixture.expect_rule = node.at("expect_rule").text();
  fixture.expect_outcome = read_outcome(node.at("expect_outcome"));
  if (node.has("expect_wait_s")) fixture.expect_wait = std::chrono::seconds(node.at("expect_wait_s").whole(0, 86'400));
  return fixture;
}

}  // namespace titip::profile
