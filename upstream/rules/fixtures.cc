#include "upstream/rules/fixtures.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace titip::rules {
namespace {

bool same_name(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

// As the transport makes it of what comes over the wire.
Reply reply_of(const profile::Fixture& fixture) {
  Reply reply{.http_status = fixture.http_status, .body = fixture.body};
  for (const auto& [name, value] : fixture.headers) {
    if (same_name(name, "Content-Type")) reply.content_type = value;
    if (same_name(name, "Retry-After")) reply.retry_after = retry_after(value);
  }
  return reply;
}

}  // namespace

FixtureReport run_fixtures(const profile::Profile& profile) {
  FixtureReport report{.rules = profile.rules.size()};
  std::set<std::string, std::less<>> reached;
  for (const auto& fixture : profile.fixtures) {
    const Reply reply = reply_of(fixture);
    const auto expected_wait = fixture.expect_wait.value_or(reply.retry_after);
    for (const auto& route : fixture.routes) {
      auto got = classify(profile, route, reply);
      ++report.run;
      reached.insert(got.rule);
      const auto expected = kind_of(fixture.expect_outcome);
      if (got.rule == fixture.expect_rule && got.outcome == expected && reply.retry_after == expected_wait) continue;
      report.failures.push_back(
          {fixture.name, route, fixture.expect_rule, expected, std::move(got), expected_wait, reply.retry_after});
    }
  }
  for (const auto& rule : profile.rules)
    if (!reached.contains(rule.id)) report.not_reached.push_back(rule.id);
  return report;
}

}  // namespace titip::rules
