// What operators see of the queue: lists that go on where they ended, one record, the shape; and never whole numbers.
#include <fmt/format.h>

#include "gateway/admin/mask.h"
#include "gateway/admin/queue_shape.h"
#include "tests/gateway/admin/queue_fixture.h"

namespace titip::admin {
namespace {

using nlohmann::json;
using storage::State;

class QueueTest : public QueueFixture {
 protected:
  Ended list(QueueWords words, std::string after = {}, std::vector<std::string> people = {}) {
    return ask({.command = Command::queue_ls,
                .queue = std::move(words),
                .people = std::move(people),
                .after = std::move(after)});
  }
  std::vector<std::string> ids(const Ended& ended) {
    std::vector<std::string> found;
    for (const auto& item : result_of(ended).at("items")) found.push_back(item.at("id"));
    return found;
  }
};

TEST_F(QueueTest, lists_what_fits_the_filter) {
  const auto waiting = put({});
  const auto refused = rejected({.facility = "P0002"}, "not_eligible");
  const auto old = put({.destination = "other", .at = tests::morning - std::chrono::hours(30)});
  EXPECT_EQ(ids(list({})).size(), 3U);
  EXPECT_EQ(ids(list({.states = {State::rejected}})), std::vector{refused.id.text()});
  EXPECT_EQ(ids(list({.destination = "other"})), std::vector{old.id.text()});
  EXPECT_EQ(ids(list({.facility = "P0002"})), std::vector{refused.id.text()});
  EXPECT_EQ(ids(list({.rule = "not_eligible"})), std::vector{refused.id.text()});
  EXPECT_EQ(ids(list({.day = "2021-08-16"})).size(), 2U);
  EXPECT_EQ(ids(list({.day = "2021-08-15"})), std::vector{old.id.text()});
  const auto yesterday = (tests::morning - std::chrono::hours(24)).time_since_epoch().count();
  EXPECT_EQ(ids(list({.before_ms = yesterday})), std::vector{old.id.text()});
  EXPECT_EQ(ids(list({.states = {State::queued}, .from_ms = yesterday})), std::vector{waiting.id.text()});
  EXPECT_TRUE(ids(list({.states = {State::cancelled}})).empty());
}

TEST_F(QueueTest, a_list_goes_on_where_it_ended) {
  std::vector<std::string> all;
  for (int i = 0; i < 7; ++i) all.push_back(put({.at = tests::morning + std::chrono::seconds(i)}).id.text());
  std::vector<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    const auto ended = list({.limit = 3}, after);
    for (auto& id : ids(ended)) seen.push_back(std::move(id));
    after = result_of(ended).value("next", "");
    ++pages;
  } while (!after.empty());
  EXPECT_EQ(seen, all);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(list({}, "behind nothing").trouble, Trouble::usage);
}

TEST_F(QueueTest, a_person_is_found_and_shown_by_four_digits) {
  const auto one = put({});
  put({.person = "9901011501900002", .body = R"({"nik":"9901011501900002"})"});
  const auto two = put({.facility = "P0002"});
  const auto found = list({}, {}, {"9901011501900001"});
  EXPECT_EQ(ids(found), (std::vector{one.id.text(), two.id.text()}));
  EXPECT_EQ(result_of(found).at("items").at(0).at("person"), "************0001");
  EXPECT_EQ(ids(list({.facility = "P0002"}, {}, {"9901011501900001"})), std::vector{two.id.text()});
  const auto first = list({.limit = 1}, {}, {"9901011501900001"});
  EXPECT_EQ(ids(first), std::vector{one.id.text()});
  EXPECT_EQ(ids(list({.limit = 1}, result_of(first).at("next"), {"9901011501900001"})), std::vector{two.id.text()});
  // Who looked for a person is in the log, the person only as a hash.
  EXPECT_EQ(audited().size(), 8U);
  EXPECT_TRUE(audited().front().contains("\"queue ls\""));
  EXPECT_FALSE(audited().front().contains("9901011501900001"));
}

TEST_F(QueueTest, one_record_is_shown_by_id_and_by_receipt) {
  const auto record = rejected({});
  for (const auto& name : {record.id.text(), record.receipt}) {
    const auto ended = ask({.command = Command::queue_show, .queue = {.id = name}});
    EXPECT_FALSE(ended.trouble) << ended.sentence.english();
    const auto shown = result_of(ended);
    EXPECT_EQ(shown.at("id"), record.id.text());
    EXPECT_EQ(shown.at("attempts"), 1);
    EXPECT_EQ(shown.at("note"), "************0009 ada");
    EXPECT_EQ(shown.at("person"), "************0001");
    EXPECT_TRUE(shown.at("waits_for").is_null());
  }
  const auto nobody = ask({.command = Command::queue_show, .queue = {.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"}});
  EXPECT_EQ(nobody.trouble, Trouble::not_found);
  EXPECT_EQ(ask({.command = Command::queue_show, .queue = {.id = "x"}}).trouble, Trouble::not_found);
  EXPECT_TRUE(audited().empty());
}

TEST_F(QueueTest, the_shape_counts_what_is_not_settled_by_age) {
  put({});
  put({.at = tests::morning - std::chrono::minutes(7)});
  put({.destination = "other", .at = tests::morning - std::chrono::hours(24)});
  rejected({});
  const auto ended = ask({.command = Command::queue_shape});
  const auto rows = result_of(ended).at("destinations");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at("destination"), "other");
  EXPECT_EQ(rows[0].at("by_age"), json({0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(rows[1].at("waiting"), 2);
  EXPECT_EQ(rows[1].at("by_age"), json({1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(ended.sentence.english(), "3 records are not settled.");
}

TEST(Shape, a_record_is_where_postfix_would_have_it) {
  storage::Counts counts;
  auto& pending = counts.destinations["a"].pending_by_minute;
  const auto now = std::chrono::floor<std::chrono::minutes>(tests::morning.time_since_epoch()).count();
  for (const auto age : {0, 4, 5, 9, 10, 1279, 1280, 100'000, -3}) ++pending[now - age];
  const auto rows = queue_shape(counts, tests::morning);
  EXPECT_EQ(rows.front().by_age, (std::array<std::uint64_t, 10>{3, 2, 1, 0, 0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(rows.front().waiting, 9U);
}

TEST(Mask, a_number_keeps_four_digits) {
  EXPECT_EQ(masked("nik 9901011501900001."), "nik ************0001.");
  EXPECT_EQ(masked("peserta 0001234567891"), "peserta *********7891");
  EXPECT_EQ(masked("123456789012"), "123456789012");
  EXPECT_EQ(masked("12345678901234567"), "*************4567");
  EXPECT_EQ(masked("9901011501900001 9901011501900002"), "************0001 ************0002");
  EXPECT_EQ(masked(""), "");
}

TEST(QueueWords, what_is_wrong_is_said) {
  const auto fault = [](const char* words, const char* command = "queue ls") {
    const auto parsed = parse_request(fmt::format(R"({{"command":"{}","queue":{}}})", command, words));
    return parsed ? std::string() : parsed.error().english();
  };
  EXPECT_EQ(fault("{}"), "");
  EXPECT_TRUE(fault("7").contains("wrong kind"));
  EXPECT_TRUE(fault(R"({"states":["lost"]})").contains("wrong kind"));
  EXPECT_TRUE(fault(R"({"state":"held"})").contains("wrong kind"));
  EXPECT_TRUE(fault(R"({"day":"15-08-2026"})").contains("2026-08-15"));
  EXPECT_TRUE(fault(R"({"limit":201})").contains("at most 200"));
  EXPECT_TRUE(fault(R"({"id":"a"})").contains("queue show"));
  EXPECT_TRUE(fault(R"({"id":"a","rule":"b"})", "queue show").contains("not both"));
  EXPECT_TRUE(fault("{}", "queue show").contains("by its id"));
  EXPECT_TRUE(fault(R"({"rule":"b"})", "verify").contains("takes no records"));
  EXPECT_EQ(
      phrase({.states = {State::rejected, State::expired}, .destination = "a", .facility = "b", .rule = "c"}).english(),
      "rejected or expired records of a from b decided by c");
}

}  // namespace
}  // namespace titip::admin
