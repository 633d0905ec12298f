// Lists of records, page by page, on every engine.
#include <algorithm>

#include "tests/storage/questions.h"

namespace titip::storage {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

class Scanning : public Asking {
 protected:
  ScanPage scan(const ScanQuery& query) {
    auto page = q().scan(query);
    EXPECT_TRUE(page.has_value());
    return page.value_or(ScanPage{});
  }
  // All pages of it.
  Ids all(ScanQuery query) {
    Ids ids;
    for (int pages = 0; pages < 1000; ++pages) {
      const ScanPage page = scan(query);
      EXPECT_LE(page.items.size(), query.limit);
      EXPECT_LE(page.examined, query.examine);
      std::ranges::copy(ids_of(page.items), std::back_inserter(ids));
      if (!page.next) return ids;
      query.after = page.next;
    }
    ADD_FAILURE() << "it does not end";
    return ids;
  }
  Ids all(const Filter& filter) { return all(ScanQuery{.filter = filter, .after = {}}); }
  static Ids sorted(Ids ids) {
    std::ranges::sort(ids);
    return ids;
  }
  // Two clinics of one destination, one of another; one record in each of some states.
  void fill() {
    std::vector<NewSubmission> batch;
    for (std::uint64_t i = 1; i <= 8; ++i) {
      batch.push_back(submission(i, "person " + std::to_string(i), i % 2 == 0 ? "clinic-2" : "clinic-1"));
      if (i > 6) batch.back().submission.destination = "dukcapil";
    }
    accept(std::move(batch));
    settle_as(1, Event::delivered);
    settle_as(2, Event::rejected);
    change(3, Event::hold);
    change(4, Event::expire);
    change(8, Event::hold);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Scanning, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Scanning, FiltersByEveryCondition) {
  fill();
  struct Row {
    const char* name;
    Filter filter;
    Ids expected;
  };
  const auto with = [](auto set) {
    Filter filter;
    set(filter);
    return filter;
  };
  const Row rows[] = {
      {"nothing", {}, {id_of(1), id_of(2), id_of(3), id_of(4), id_of(5), id_of(6), id_of(7), id_of(8)}},
      {"destination", with([](Filter& f) { f.destination = "dukcapil"; }), {id_of(7), id_of(8)}},
      {"facility", with([](Filter& f) { f.facility = "clinic-2"; }), {id_of(2), id_of(4), id_of(6), id_of(8)}},
      {"both",
       with([](Filter& f) { f.destination = "pcare", f.facility = "clinic-2"; }),
       {id_of(2), id_of(4), id_of(6)}},
      {"one state", with([](Filter& f) { f.states = {State::held}; }), {id_of(3), id_of(8)}},
      {"two states", with([](Filter& f) { f.states = {State::rejected, State::delivered}; }), {id_of(1), id_of(2)}},
      {"hold reason", with([](Filter& f) { f.hold_reason = HoldReason::person; }), {id_of(3), id_of(8)}},
      {"another hold reason", with([](Filter& f) { f.hold_reason = HoldReason::unknown; }), {}},
      {"rule", with([](Filter& f) { f.outcome_rule = "rule of rejected"; }), {id_of(2)}},
      {"attention", with([](Filter& f) { f.needs_attention = true; }), {id_of(2), id_of(3), id_of(4), id_of(8)}},
      {"attention of a destination",
       with([](Filter& f) { f.needs_attention = true, f.destination = "pcare"; }),
       {id_of(2), id_of(3), id_of(4)}},
      {"attention of a lane",
       with([](Filter& f) { f.needs_attention = true, f.destination = "pcare", f.facility = "clinic-2"; }),
       {id_of(2), id_of(4)}},
      {"attention of a facility anywhere",
       with([](Filter& f) { f.needs_attention = true, f.facility = "clinic-2"; }),
       {id_of(2), id_of(4), id_of(8)}},
      {"attention and a state",
       with([](Filter& f) { f.needs_attention = true, f.states = {State::held}; }),
       {id_of(3), id_of(8)}},
      {"nobody", with([](Filter& f) { f.destination = "nowhere"; }), {}},
      {"nobody's attention", with([](Filter& f) { f.needs_attention = true, f.destination = "pcar"; }), {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(sorted(all(row.filter)), sorted(row.expected)) << row.name;
    for (const std::size_t at_a_time : {1U, 2U, 3U}) {
      EXPECT_EQ(sorted(all(ScanQuery{.filter = row.filter, .after = {}, .limit = at_a_time})), sorted(row.expected))
          << row.name << ", " << at_a_time << " a page";
      EXPECT_EQ(sorted(all(ScanQuery{.filter = row.filter, .after = {}, .limit = 100, .examine = at_a_time})),
                sorted(row.expected))
          << row.name << ", " << at_a_time << " examined a page";
    }
  }
}

TEST_P(Scanning, GoesByTheOrderOfTheIds) {
  fill();
  const Ids ids = all(Filter{});
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_EQ(ids.size(), 8U);
}

TEST_P(Scanning, SaysWhereToGoOnAndWhenItIsAll) {
  fill();
  ScanQuery query;
  query.limit = 8;
  EXPECT_FALSE(scan(query).next.has_value()) << "the last of all was on this page";
  query.limit = 7;
  const ScanPage page = scan(query);
  EXPECT_EQ(page.examined, 7U);
  EXPECT_EQ(page.next, page.items.back().id);
  query.filter.destination = "nowhere";
  query.examine = 3;
  EXPECT_EQ(scan(query).examined, 3U);
  EXPECT_TRUE(scan(query).items.empty());
  EXPECT_TRUE(scan(query).next.has_value()) << "nothing found yet, and more to look at";
}

TEST_P(Scanning, LimitsAreHonoured) {
  fill();
  ScanQuery query;
  query.limit = 0;
  EXPECT_TRUE(scan(query).items.empty());
  EXPECT_FALSE(scan(query).next.has_value());
  query.limit = 100;
  query.examine = 0;
  EXPECT_EQ(scan(query).examined, 1U) << "a page gets on";
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 100; i < 1200; ++i) batch.push_back(submission(i, "person " + std::to_string(i)));
  accept(std::move(batch));
  query = {};
  query.limit = 1'000'000;
  query.examine = 1'000'000;
  EXPECT_EQ(scan(query).items.size(), 1000U);
}

TEST_P(Scanning, RecordsThatComeOrChangeMeanwhileShiftNothing) {
  fill();
  ScanQuery query;
  query.limit = 4;
  const ScanPage first = scan(query);
  const Ids before = all(Filter{});
  query.after = first.next;
  // One that came in before the place where it goes on, one behind it.
  auto early = submission(50, "x");
  early.submission.id.bytes.fill(0x00);
  auto late = submission(51, "y");
  late.submission.id.bytes.fill(0xfe);
  accept({early, late});
  Ids rest = ids_of(scan(query).items);
  query.after = scan(query).next;
  if (query.after) std::ranges::copy(ids_of(scan(query).items), std::back_inserter(rest));
  Ids expected(before.begin() + 4, before.end());
  expected.push_back(late.submission.id);
  EXPECT_EQ(rest, expected);
}

TEST_P(Scanning, AttentionGoesOnBehindARecordThatNeedsNoneAnyMore) {
  fill();
  ScanQuery query;
  query.filter.needs_attention = true;
  query.filter.destination = "pcare";
  query.limit = 1;
  const ScanPage first = scan(query);
  ASSERT_EQ(ids_of(first.items), Ids{id_of(3)}) << "clinic-1 comes before clinic-2";
  change(3, Event::release);
  query.after = first.next;
  query.limit = 10;
  EXPECT_EQ(sorted(ids_of(scan(query).items)), sorted({id_of(2), id_of(4)}));
  query.after = id_of(99);
  EXPECT_TRUE(scan(query).items.empty()) << "there is no such place to go on from";
}

TEST_P(Scanning, AcceptanceIsBoundedByIdsAndThenExactly) {
  std::vector<NewSubmission> batch;
  Ids ids;
  for (std::int64_t hour = 0; hour < 10; ++hour) {
    batch.push_back(submission(static_cast<std::uint64_t>(hour) + 1, "person " + std::to_string(hour)));
    Submission& s = batch.back().submission;
    s.id = SubmissionId::make(at(noon_ms + hour * hour_ms));
    // The clock was set by half an hour between the id and the acceptance.
    s.accepted_at = at(noon_ms + hour * hour_ms + (hour % 2 == 0 ? 1 : -1) * hour_ms / 2);
    ids.push_back(s.id);
  }
  accept(std::move(batch));
  Filter filter;
  filter.accepted_from = at(noon_ms + 4 * hour_ms + hour_ms / 2);
  EXPECT_EQ(all(filter), (Ids{ids[4], ids[5], ids[6], ids[7], ids[8], ids[9]})) << "from that moment on";
  filter.accepted_before = at(noon_ms + 6 * hour_ms + hour_ms / 2);
  EXPECT_EQ(all(filter), (Ids{ids[4], ids[5]})) << "before that moment, itself not";
  ScanQuery query;
  query.filter = filter;
  EXPECT_LT(scan(query).examined, 6U) << "the others are not even looked at";
  filter.accepted_from = WallTime::min() + std::chrono::hours(2);
  filter.accepted_before = WallTime::max() - std::chrono::hours(2);
  EXPECT_EQ(all(filter).size(), 10U);
}

}  // namespace
}  // namespace titip::storage
