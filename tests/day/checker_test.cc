// Every lie the checker must see, and the truths it must not take for one. Each row starts from the same honest day of
// two people (a registration and a dose each, one of the doses dirty) and bends one thing.
#include "tests/day/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/day/honest_day.h"

namespace titip::day {
namespace {

using ::testing::HasSubstr;

struct Row {
  const char* name;
  std::function<void(Evidence&)> bend;
  std::vector<std::pair<Fault, std::int64_t>> expected;  // all others must be 0
  bool violated;
};

const std::vector<Row> rows{
    {"honest", [](Evidence&) {}, {}, false},
    {"sent again under the same key",
     [](Evidence& d) { d.effects.push_back(again(d, 2, "C")); },
     {{Fault::duplicate, 1}},
     true},
    {"sent three times is two too many",
     [](Evidence& d) {
       d.effects.push_back(again(d, 2, "C"));
       d.effects.push_back(again(d, 2, "C"));
     },
     {{Fault::duplicate, 2}},
     true},
    {"sent again under a new key",
     [](Evidence& d) { d.effects.push_back(again(d, 2, "Z")); },
     {{Fault::duplicate, 1}},
     true},
    {"sent again without any key",
     [](Evidence& d) { d.effects.push_back(again(d, 1, "")); },
     {{Fault::duplicate, 1}},
     true},
    {"an old value lands late and over a newer one",
     [](Evidence& d) {
       d.calls[1].entity = d.calls[0].entity;  // B overwrites what A wrote
       d.effects[1].entity = d.calls[0].entity;
       d.effects.push_back(again(d, 0, "A"));
       d.final_values = {{"person 0", "values of A"}, {"person 1", "values of C"}};
     },
     {{Fault::duplicate, 1}, {Fault::stale_value, 1}},
     true},
    {"delivered without an effect",
     [](Evidence& d) {
       d.effects.erase(d.effects.begin() + 1);
       d.final_values.erase("dose 0");
     },
     {{Fault::lost, 1}},
     true},
    {"acknowledged and vanished",
     [](Evidence& d) {
       d.effects.erase(d.effects.begin() + 1);
       d.final_values.erase("dose 0");
       d.custody["B"] = {};
       --d.totals.accepted;
       --d.totals.delivered;
     },
     {{Fault::lost, 1}, {Fault::contradiction, 1}},
     true},
    {"acknowledged, delivered and forgotten",
     [](Evidence& d) {
       d.custody["B"] = {};
       --d.totals.delivered;
       --d.totals.accepted;
     },
     {{Fault::contradiction, 2}},
     true},
    {"never looked up counts as vanished",
     [](Evidence& d) {
       d.custody.erase("B");
       d.effects.erase(d.effects.begin() + 1);
       --d.totals.delivered;
     },
     {{Fault::lost, 1}, {Fault::contradiction, 0}},
     true},
    {"dose before registration",
     [](Evidence& d) { std::swap(d.effects[0].order, d.effects[1].order); },
     {{Fault::out_of_order, 1}},
     true},
    {"two people in either order", [](Evidence& d) { d.effects[2].order = 0; }, {}, false},
    {"the server holds something older",
     [](Evidence& d) { d.final_values["dose 0"] = "values of yesterday"; },
     {{Fault::stale_value, 1}},
     true},
    {"the server holds nothing", [](Evidence& d) { d.final_values.erase("dose 0"); }, {{Fault::stale_value, 1}}, true},
    {"altered on its way",
     [](Evidence& d) { d.effects[1].body_sha256 = d.final_values["dose 0"] = "something else"; },
     {{Fault::stale_value, 2}},
     true},
    {"the late reason patched in, after midnight",
     [](Evidence& d) {
       d.midnight_unix_ms = midnight;
       d.effects[1].at_unix_ms = midnight + 1;
       d.effects[1].body_sha256 = "patched hash of B";
     },
     {},
     false},
    {"the same, under a new key and twice",
     [](Evidence& d) {
       d.midnight_unix_ms = midnight;
       d.effects.push_back(again(d, 1, "Z"));
       d.effects.back().at_unix_ms = midnight + 1;
       d.effects.back().body_sha256 = "patched hash of B";
     },
     {{Fault::duplicate, 1}},
     true},
    {"the late reason patched in before midnight",
     [](Evidence& d) {
       d.midnight_unix_ms = midnight;
       d.effects[1].at_unix_ms = midnight - 1;
       d.effects[1].body_sha256 = "patched hash of B";
     },
     {{Fault::stale_value, 1}},
     true},
    {"the late reason patched in by daylight",
     [](Evidence& d) { d.effects[1].body_sha256 = "patched hash of B"; },
     {{Fault::stale_value, 1}},
     true},
    {"an effect nobody asked for",
     [](Evidence& d) {
       d.effects.push_back({.order = 9,
                            .facility = "0905R001",
                            .route = "vaksin/simpan",
                            .entity = "dose 7",
                            .body_sha256 = "x",
                            .idempotency_key = "Z",
                            .when = "10:00"});
     },
     {{Fault::foreign, 1}},
     false},
    {"an effect of what was refused to the clinic",
     [](Evidence& d) {
       Call call = make_call(0, 2, "E");
       call.entity = "dose 0b";
       call.tries[0] = {.started_ms = 5,
                        .ended_ms = 6,
                        .answer = Answer::refused,
                        .connected = true,
                        .http_status = 503,
                        .submission_id = "",
                        .receipt = "",
                        .replayed = false,
                        .national_answer = false,
                        .words = "full"};
       d.effects.push_back({.order = 9,
                            .facility = call.facility,
                            .route = call.route,
                            .entity = call.entity,
                            .body_sha256 = call.body_sha256,
                            .idempotency_key = "E",
                            .when = "10:00"});
       d.calls.push_back(call);
     },
     {{Fault::foreign, 1}, {Fault::unacknowledged, 1}},
     false},
    {"rejected by its word, applied in truth",
     [](Evidence& d) {
       d.custody["B"].state = "rejected";
       --d.totals.delivered;
       ++d.totals.rejected;
     },
     {{Fault::contradiction, 1}},
     true},
    {"a sound record rejected", reject_b, {{Fault::contradiction, 1}}, true},
    {"an edit of the day rejected after midnight",
     [](Evidence& d) {
       d.calls[1].same_day_edit = true;
       d.midnight_unix_ms = midnight;
       d.custody["B"].settled_unix_ms = midnight + 60'000;
       reject_b(d);
     },
     {},
     false},
    {"the same edit rejected before midnight",
     [](Evidence& d) {
       d.calls[1].same_day_edit = true;
       d.midnight_unix_ms = midnight;
       d.custody["B"].settled_unix_ms = midnight - 60'000;
       reject_b(d);
     },
     {{Fault::contradiction, 1}},
     true},
    {"a dose that crossed midnight on the wire, without a reason",
     [](Evidence& d) {
       d.midnight_unix_ms = midnight;
       d.custody["B"].settled_unix_ms = midnight + 1;
       d.custody["B"].words = "alasan wajib diisi";
       reject_b(d);
     },
     {},
     false},
    {"a dose sent without a reason long after midnight",
     [](Evidence& d) {
       d.midnight_unix_ms = midnight;
       d.custody["B"].settled_unix_ms = midnight + 60'000;
       d.custody["B"].words = "alasan wajib diisi";
       reject_b(d);
     },
     {{Fault::contradiction, 1}},
     true},
    {"the same edit rejected in daylight",
     [](Evidence& d) {
       d.calls[1].same_day_edit = true;
       reject_b(d);
     },
     {{Fault::contradiction, 1}},
     true},
    {"rejected without the server's words",
     [](Evidence& d) { d.custody["D"].words.clear(); },
     {{Fault::contradiction, 1}},
     true},
    {"a dirty record delivered",
     [](Evidence& d) {
       d.custody["D"].state = "delivered";
       ++d.totals.delivered;
       --d.totals.rejected;
       d.effects.push_back({.order = 9,
                            .facility = "0905R001",
                            .route = "vaksin/simpan",
                            .entity = "dose 1",
                            .body_sha256 = "hash of D",
                            .idempotency_key = "D",
                            .when = "10:00"});
       d.final_values["dose 1"] = "values of D";
     },
     {{Fault::contradiction, 1}},
     true},
    {"another receipt than the clinic holds",
     [](Evidence& d) { d.custody["A"].receipt = "R-other"; },
     {{Fault::contradiction, 1}},
     true},
    {"a receipt with a code that clients take for a failure",
     [](Evidence& d) { d.calls[0].tries[0].answer = Answer::refused; },
     {{Fault::contradiction, 1}},
     true},
    {"told delivered, is rejected",
     [](Evidence& d) {
       d.calls[3].tries[0].national_answer = true;
       d.calls[3].tries[0].receipt.clear();
     },
     {{Fault::contradiction, 1}},
     true},
    {"told rejected, is rejected",
     [](Evidence& d) {
       Try& t = d.calls[3].tries[0];
       t.national_answer = true;
       t.receipt.clear();
       t.answer = Answer::refused;
       t.http_status = 412;
     },
     {},
     false},
    {"told rejected, is delivered",
     [](Evidence& d) {
       Try& t = d.calls[1].tries[0];
       t.national_answer = true;
       t.receipt.clear();
       t.answer = Answer::refused;
     },
     {{Fault::contradiction, 1}},
     true},
    {"one id for two submissions",
     [](Evidence& d) {
       d.calls[2].tries[0].submission_id = "A";
       d.calls[2].tries[0].receipt = "R-A";
     },
     {{Fault::contradiction, 2}},
     true},
    {"two ids for one submission",
     [](Evidence& d) { d.calls[0].tries.push_back(queued(50, "A2")); },
     {{Fault::contradiction, 1}},
     true},
    {"the status counts one more", [](Evidence& d) { ++d.totals.accepted; }, {{Fault::contradiction, 1}}, false},
    {"the gateway's own ledger is off",
     [](Evidence& d) { d.totals.ledger_difference = 1; },
     {{Fault::contradiction, 1}},
     false},
    {"refused at the door",
     [](Evidence& d) {
       Call call = make_call(0, 2, "");
       call.tries[0].answer = Answer::refused;
       call.tries[0].receipt.clear();
       d.calls.push_back(call);
     },
     {{Fault::unacknowledged, 1}},
     false},
    {"no log-in during the outage",
     [](Evidence& d) {
       d.logins.push_back({.facility = "0905R001", .when = "during an outage", .ok = false, .words = "503"});
     },
     {{Fault::contradiction, 1}},
     false},
    {"three seconds without an answer",
     [](Evidence& d) { d.calls[0].tries.insert(d.calls[0].tries.begin(), no_answer(0, 3000)); },
     {{Fault::slow, 1}},
     false},
    {"three seconds without an answer while it was killed",
     [](Evidence& d) {
       d.calls[0].tries.insert(d.calls[0].tries.begin(), no_answer(0, 3000));
       d.gateway_down = {{2900, 4000}};
     },
     {},
     false},
    {"a reset while it was up is told, not judged",
     [](Evidence& d) { d.calls[0].tries.insert(d.calls[0].tries.begin(), no_answer(0, 20)); },
     {},
     false},
};

TEST(Checker, SeesEveryLieAndNoOther) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Evidence day = honest_day();
    row.bend(day);
    const Verdict verdict = check(day);
    for (int i = 0; i < fault_count; ++i) {
      const auto fault = static_cast<Fault>(i);
      std::int64_t expected = 0;
      for (const auto& [f, count] : row.expected) expected += f == fault ? count : 0;
      std::string findings;
      for (const Finding& f : verdict.findings) findings += "\n  " + std::string(name(f.fault)) + ": " + f.what;
      EXPECT_EQ(verdict.count(fault), expected) << name(fault) << findings;
    }
    EXPECT_EQ(violated(verdict), row.violated);
    EXPECT_EQ(broken_rules(verdict, {}).empty(), row.expected.empty());
  }
}

TEST(Checker, AFindingNamesThePersonTheKeyAndTheTimeline) {
  Evidence day = honest_day();
  day.custody["C"].timeline = {"attempt 1 unknown"};
  day.effects.push_back(again(day, 2, "C"));
  const Verdict verdict = check(day);
  ASSERT_EQ(verdict.findings.size(), 1U);
  const Finding& finding = verdict.findings[0];
  EXPECT_EQ(finding.person, 1U);
  EXPECT_EQ(finding.submission_id, "C");
  EXPECT_EQ(finding.idempotency_key, "key-C");
  std::string timeline;
  for (const std::string& line : finding.timeline) timeline += line + "\n";
  EXPECT_THAT(timeline, HasSubstr("attempt 1 unknown"));
  EXPECT_THAT(timeline, HasSubstr("national effect #3"));
  EXPECT_THAT(timeline, HasSubstr("national effect #4"));
}

}  // namespace
}  // namespace titip::day
