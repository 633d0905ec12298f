// `titip profile test`: a profile is read as serve reads it, and its fixtures run through the code that delivery uses.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "gateway/built_in_profiles.h"
#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/profiles.h"
#include "gateway/say.h"
#include "metrics/words/said.h"
#include "upstream/rules/fixtures.h"

namespace titip::gateway {
namespace {

using nlohmann::ordered_json;
using rules::FixtureFailure;
using rules::FixtureReport;

std::string text_of(const FixtureFailure& failure) {
  auto text =
      words::tell("FAILED {} ({}): expected {} by the rule {}, came out as {} by {}", failure.fixture, failure.route,
                  name(failure.expected_outcome), failure.expected_rule, name(failure.got.outcome), failure.got.rule);
  if (failure.wait != failure.expected_wait)
    text += words::tell("; expected to wait {} s, the reply asks for {} s", failure.expected_wait.count(),
                        failure.wait.count());
  return text;
}

ordered_json json_of(const FixtureFailure& failure) {
  return {{"fixture", failure.fixture},
          {"route", failure.route},
          {"expected", {{"outcome", name(failure.expected_outcome)}, {"rule", failure.expected_rule}}},
          {"got", {{"outcome", name(failure.got.outcome)}, {"rule", failure.got.rule}}},
          {"expected_wait_s", failure.expected_wait.count()},
          {"wait_s", failure.wait.count()}};
}

std::string json_of(const std::string& profile, const FixtureReport& report) {
  auto failures = ordered_json::array();
  for (const auto& failure : report.failures) failures.push_back(json_of(failure));
  return ordered_json{{"profile", profile},
                      {"fixtures", report.run},
                      {"passed", report.passed()},
                      {"rules", report.rules},
                      {"covered", report.covered()},
                      {"failures", std::move(failures)},
                      {"not_reached", report.not_reached}}
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

int run_profile_test(const std::string& profile, Saying saying) {
  DestinationConfig destination;
  destination.profile = profile;
  std::error_code error;
  const auto found = find_profile(destination, std::filesystem::current_path(error));
  if (!found) {
    say(found.error());
    const bool is_there = built_in_profile(profile) || std::filesystem::exists(profile, error);
    return is_there ? exit_failed : exit_not_found;
  }
  const auto report = rules::run_fixtures(*found);
  if (saying.json) {
    fmt::print("{}\n", json_of(found->name, report));
  } else {
    for (const auto& failure : report.failures) fmt::print("{}\n", text_of(failure));
    for (const auto& rule : report.not_reached)
      fmt::print("{}\n", words::tell("UNPROVEN rule {}: no fixture reaches it; add one, or remove the rule", rule));
    fmt::print("profile: {} fixtures={} passed={} rules={}/{}\n", found->name, report.run, report.passed(),
               report.covered(), report.rules);
  }
  return std::fflush(stdout) == 0 && report.good() ? exit_ok : exit_failed;
}

}  // namespace titip::gateway
