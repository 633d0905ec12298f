#include "tests/sampler/day.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace titip::sampler {
namespace {

using nlohmann::json;

DayPlan ordinary_day(std::uint64_t seed = 1) {
  DayPlan plan;
  plan.seed = seed;
  plan.business_date = "2021-08-16";
  return plan;
}

std::map<CallKind, int> kinds_of(const Day& day) {
  std::map<CallKind, int> count;
  for (const auto& call : day.calls) ++count[call.kind];
  return count;
}

TEST(day, is_the_same_for_the_same_seed) {
  const Day day = make_day(ordinary_day(9)).value();
  const Day again = make_day(ordinary_day(9)).value();
  const Day other = make_day(ordinary_day(10)).value();
  ASSERT_EQ(day.calls.size(), again.calls.size());
  for (std::size_t i = 0; i < day.calls.size(); ++i) {
    EXPECT_EQ(day.calls[i].at, again.calls[i].at);
    EXPECT_EQ(day.calls[i].body, again.calls[i].body);
    EXPECT_EQ(day.calls[i].facility, again.calls[i].facility);
    EXPECT_EQ(day.calls[i].previous, again.calls[i].previous);
  }
  EXPECT_NE(day.calls[0].body, other.calls[0].body);
}

TEST(day, has_the_planned_shares) {
  const Day day = make_day(ordinary_day()).value();
  auto kinds = kinds_of(day);
  EXPECT_EQ(day.people.size(), 2000U);
  EXPECT_EQ(kinds[CallKind::registration], 2000);
  EXPECT_EQ(kinds[CallKind::postponed], 100);
  EXPECT_EQ(kinds[CallKind::given_after_all], 100);
  EXPECT_EQ(kinds[CallKind::unknown_vaccine], 10);
  EXPECT_EQ(kinds[CallKind::impossible_date], 10);
  EXPECT_EQ(kinds[CallKind::dose], 1880);
  std::set<std::uint32_t> second;
  std::set<std::string> sites;
  for (const auto& call : day.calls) {
    sites.insert(call.facility);
    if (call.path == "/vaksin/simpan" && json::parse(call.body)["dosis"] == 2) second.insert(call.person);
  }
  EXPECT_EQ(second.size(), 200U);
  EXPECT_EQ(sites.size(), 4U);
}

TEST(day, smallest_one_still_has_three_dirty_doses_and_one_correction) {
  DayPlan plan = ordinary_day();
  plan.people = 3;
  const Day day = make_day(plan).value();
  auto kinds = kinds_of(day);
  EXPECT_EQ(kinds[CallKind::unknown_vaccine], 2);
  EXPECT_EQ(kinds[CallKind::impossible_date], 1);
  EXPECT_EQ(kinds[CallKind::dose], 0);
}

TEST(day, calls_are_in_time_and_each_person_keeps_order_and_site) {
  const DayPlan plan = ordinary_day();
  const Day day = make_day(plan).value();
  std::map<std::uint32_t, std::uint32_t> last;
  for (std::uint32_t i = 0; i < day.calls.size(); ++i) {
    const Call& call = day.calls[i];
    EXPECT_GE(call.at.count(), 0);
    EXPECT_LT(call.at, plan.length);
    if (i > 0) {
      EXPECT_GE(call.at, day.calls[i - 1].at);
    }
    const auto before = last.find(call.person);
    if (before == last.end()) {
      EXPECT_EQ(call.kind, CallKind::registration);
      EXPECT_FALSE(call.previous.has_value());
    } else {
      ASSERT_TRUE(call.previous.has_value());
      EXPECT_EQ(*call.previous, before->second);
      EXPECT_EQ(day.calls[*call.previous].facility, call.facility);
      EXPECT_GE(call.at - day.calls[*call.previous].at, std::chrono::minutes(4));
    }
    last[call.person] = i;
  }
}

TEST(day, bodies_carry_what_the_national_service_needs) {
  const Day day = make_day(ordinary_day()).value();
  for (const auto& call : day.calls) {
    const json body = json::parse(call.body);
    const Person& person = day.people[call.person];
    EXPECT_EQ(body["nik"], person.nik);
    EXPECT_EQ(body["noTiket"], person.ticket);
    if (call.kind == CallKind::registration) {
      EXPECT_EQ(body.size(), 8U);
      continue;
    }
    EXPECT_EQ(body.size(), 15U);
    EXPECT_EQ(body["kdPpk"], call.facility);
    EXPECT_EQ(body["tglVaksin"], call.kind == CallKind::impossible_date ? "2021-02-30" : "2021-08-16");
    EXPECT_EQ(body["skrining"]["hasil"], call.kind == CallKind::postponed ? "tunda" : "lanjut");
    EXPECT_EQ(body["jenisVaksin"] == "", call.kind == CallKind::postponed);
  }
}

TEST(day, exactly_one_rejected_dose_is_corrected) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Day day = make_day(ordinary_day(seed)).value();
    int corrected = 0;
    for (const auto& call : day.calls) {
      EXPECT_EQ(call.corrected_after_rejection, !call.corrected_body.empty());
      if (!call.corrected_after_rejection) continue;
      ++corrected;
      EXPECT_TRUE(call.ends_rejected);
      const json right = json::parse(call.corrected_body);
      json wrong = json::parse(call.body);
      EXPECT_EQ(wrong["jenisVaksin"], "99");
      wrong["jenisVaksin"] = right["jenisVaksin"];
      EXPECT_EQ(wrong, right) << "a correction changes what was wrong and nothing else";
    }
    EXPECT_EQ(corrected, 1);
  }
}

TEST(day, wrong_plans_are_refused_with_the_reason) {
  struct Row {
    const char* name;
    void (*spoil)(DayPlan&);
    const char* expected;
  };
  const Row rows[] = {
      {"no people", [](DayPlan& p) { p.people = 0; }, "people must be 3 to 98000199, not 0"},
      {"no sites", [](DayPlan& p) { p.sites.clear(); }, "there must be at least one site"},
      {"no date", [](DayPlan& p) { p.business_date = ""; }, "business_date must be a date like 2021-08-16, not ''"},
      {"no such date", [](DayPlan& p) { p.business_date = "2021-02-29"; },
       "business_date must be a date like 2021-08-16, not '2021-02-29'"},
      {"too short", [](DayPlan& p) { p.length = std::chrono::milliseconds(10); }, "length must be at least 1 s"},
      {"shares", [](DayPlan& p) { p.postponed_percent = 100; }, "the shares must not exceed 100 percent"},
  };
  for (const auto& row : rows) {
    DayPlan plan = ordinary_day();
    row.spoil(plan);
    const auto day = make_day(plan);
    ASSERT_FALSE(day.has_value()) << row.name;
    EXPECT_EQ(day.error(), row.expected) << row.name;
  }
}

}  // namespace
}  // namespace titip::sampler
