#include "upstream/rules/fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/upstream/shipped_profile.h"

namespace titip::rules {
namespace {

using profile::Fixture;
using profile::OutcomeRule;
using profile::Profile;
using profile::RuleOutcome;

std::string shown(const FixtureReport& report) {
  std::string text;
  for (const auto& failure : report.failures)
    text += failure.fixture + " (" + failure.route + "): " + failure.got.rule + " instead of " + failure.expected_rule +
            "\n";
  for (const auto& rule : report.not_reached) text += "not reached: " + rule + "\n";
  return text;
}

OutcomeRule& rule(Profile& profile, std::string_view id) {
  return *std::ranges::find(profile.rules, id, &OutcomeRule::id);
}

TEST(Fixtures, TheShippedProfilesKeepTheirWord) {
  const std::map<std::string, std::size_t> least{
      {"antreanfktp", 100}, {"pcare-rest", 600}, {"pcare-rest-v3", 600}, {"pcare-vaksin", 200}};
  for (const char* name : tests::shipped_names) {
    SCOPED_TRACE(name);
    const auto& shipped = tests::shipped_profile(name);
    const auto report = run_fixtures(shipped);
    EXPECT_TRUE(report.good()) << shown(report);
    EXPECT_EQ(report.passed(), report.run);
    EXPECT_EQ(report.covered(), shipped.rules.size());
    EXPECT_GE(report.run, least.at(name));
  }
}

// Every rule on every route that it is for: a rule that is narrowed to some routes by mistake shows.
void expect_proven_route_by_route(const Profile& shipped) {
  std::set<std::pair<std::string, std::string>> proven;
  for (const auto& fixture : shipped.fixtures)
    for (const auto& route : fixture.routes) proven.emplace(fixture.expect_rule, route);
  for (const auto& each : shipped.rules)
    for (const auto& route : shipped.routes) {
      const bool is_for_it = each.routes.empty() || std::ranges::find(each.routes, route.id) != each.routes.end();
      if (route.action == profile::Action::queue && is_for_it)
        EXPECT_TRUE(proven.contains({each.id, route.id})) << each.id << " on " << route.id;
    }
}

TEST(Fixtures, TheShippedProfilesAreProvenRouteByRoute) {
  for (const char* name : tests::shipped_names) {
    SCOPED_TRACE(name);
    expect_proven_route_by_route(tests::shipped_profile(name));
  }
}

// What a mistake in a profile would be: each must show, or the fixtures prove nothing.
TEST(Fixtures, ABrokenRuleShows) {
  struct Row {
    const char* name;
    std::function<void(Profile&)> spoil;
    const char* not_reached;  // nothing: a fixture fails
  };
  const Row rows[] = {
      {"a text that the server never says", [](Profile& p) { rule(p, "duplicate").text = "sudah ada"; }, "duplicate"},
      {"another outcome", [](Profile& p) { rule(p, "login-expired").outcome = RuleOutcome::rejected; }, nullptr},
      {"a code left out", [](Profile& p) { rule(p, "rejected").code = {400, 404, 412, 422}; }, nullptr},
      {"a class of status left out", [](Profile& p) { rule(p, "rejected").http_status = {4}; }, nullptr},
      {"a route left out",
       [](Profile& p) { rule(p, "accepted").routes = {"sasaran/simpan", "vaksin/simpan", "vaksin/ubah"}; }, nullptr},
      {"a rule before its time", [](Profile& p) { std::swap(p.rules[4], p.rules[5]); }, nullptr},
      {"a rule that nothing reaches",
       [](Profile& p) { p.rules.insert(p.rules.begin(), {.id = "new", .text = "sesuatu yang baru"}); }, "new"},
      {"a wrong expectation", [](Profile& p) { p.fixtures[0].expect_rule = "rejected"; }, nullptr},
      {"a wrong outcome expected", [](Profile& p) { p.fixtures[0].expect_outcome = RuleOutcome::duplicate; }, nullptr},
      {"a wait expected that is not asked for", [](Profile& p) { p.fixtures[0].expect_wait = std::chrono::seconds(1); },
       nullptr},
      {"no fixtures", [](Profile& p) { p.fixtures.clear(); }, "accepted"},
  };
  for (const auto& row : rows) {
    auto spoilt = tests::pcare_vaksin();
    row.spoil(spoilt);
    const auto report = run_fixtures(spoilt);
    EXPECT_FALSE(report.good()) << row.name;
    if (row.not_reached != nullptr)
      EXPECT_NE(std::ranges::find(report.not_reached, row.not_reached), report.not_reached.end()) << row.name;
    else
      EXPECT_FALSE(report.failures.empty()) << row.name;
  }
}

TEST(Fixtures, ReportsWhatWasExpectedAndWhatCame) {
  Profile small;
  small.envelope = tests::pcare_vaksin().envelope;
  small.rules = {{.id = "busy", .http_status = {429}, .outcome = RuleOutcome::deferred, .served = false},
                 {.id = "else"}};
  Fixture fixture{.name = "busy",
                  .routes = {"a", "b"},
                  .http_status = 503,
                  .headers = {{"retry-AFTER", "7"}, {"X-Other", "1"}},
                  .expect_rule = "busy",
                  .expect_outcome = RuleOutcome::deferred,
                  .expect_wait = std::chrono::seconds(30)};
  small.fixtures = {fixture};
  const auto report = run_fixtures(small);
  EXPECT_EQ(report.run, 2U);
  EXPECT_EQ(report.passed(), 0U);
  EXPECT_EQ(report.not_reached, std::vector<std::string>{"busy"});
  ASSERT_EQ(report.failures.size(), 2U);
  const auto& failure = report.failures[1];
  EXPECT_EQ(failure.route, "b");
  EXPECT_EQ(failure.expected_outcome, OutcomeKind::deferred);
  EXPECT_EQ(failure.got.rule, "else");
  EXPECT_EQ(failure.got.outcome, OutcomeKind::unknown);
  EXPECT_EQ(failure.expected_wait, std::chrono::seconds(30));
  EXPECT_EQ(failure.wait, std::chrono::seconds(7));
}

TEST(OutcomeNames, AreThoseOfProfiles) {
  EXPECT_EQ(name(OutcomeKind::delivered), "delivered");
  EXPECT_EQ(name(OutcomeKind::credentials_refused), "credentials_refused");
  EXPECT_EQ(name(kind_of(RuleOutcome::login_expired)), "login_expired");
  EXPECT_EQ(name(kind_of(RuleOutcome::blocked)), "blocked");
}

}  // namespace
}  // namespace titip::rules
