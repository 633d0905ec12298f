#include "gateway/reads/own_query.h"

#include <gtest/gtest.h>

namespace titip::reads {
namespace {

using namespace std::chrono_literals;

TEST(OwnQuery, reads_every_parameter) {
  const auto query = read_own_query(
      "state=queued,held&state=rejected&destination=pcare-vaksin&route=vaksin%2fsimpan&from=2021-08-16&to=2021-08-16&"
      "needs_attention=true&limit=200&cursor=ABC&receipt=X+Y&&format=csv",
      OwnList::submissions, 7h);
  ASSERT_TRUE(query);
  using enum storage::State;
  EXPECT_EQ(query->filter.states, (std::vector{queued, held, rejected}));
  EXPECT_EQ(query->filter.destination, "pcare-vaksin");
  EXPECT_EQ(query->route, "vaksin/simpan");
  EXPECT_EQ(query->receipt, "X Y");
  EXPECT_TRUE(query->filter.needs_attention);
  EXPECT_EQ(query->limit, 200U);
  EXPECT_EQ(query->cursor, "ABC");
  // The whole day at the facility's offset, to its last millisecond.
  EXPECT_EQ(query->filter.accepted_from, storage::WallTime(1'629'046'800'000ms));
  EXPECT_EQ(query->filter.accepted_before, storage::WallTime(1'629'046'800'000ms + 24h));
}

TEST(OwnQuery, what_is_not_understood_is_named) {
  struct Row {
    const char* query;
    OwnList list;
    const char* parameter;
  };
  constexpr auto submissions = OwnList::submissions;
  const Row rows[] = {
      {"state=lost", submissions, "state"},
      {"state=", submissions, "state"},
      {"state=queued,", submissions, "state"},
      {"from=16-08-2021", submissions, "from"},
      {"to=2021-02-30", submissions, "to"},
      {"needs_attention=1", submissions, "needs_attention"},
      {"limit=0", submissions, "limit"},
      {"limit=201", submissions, "limit"},
      {"limit=-1", submissions, "limit"},
      {"limit=1x", submissions, "limit"},
      {"limit=99999999999999999999999", submissions, "limit"},
      {"limit", submissions, "limit"},
      {"facility=0905R003", submissions, "facility"},
      {"a=%zz", submissions, ""},
      {"state=held", OwnList::attention, "state"},
      {"needs_attention=false", OwnList::attention, "needs_attention"},
  };
  for (const auto& row : rows) {
    const auto query = read_own_query(row.query, row.list, 7h);
    ASSERT_FALSE(query) << row.query;
    EXPECT_EQ(query.error().parameter, row.parameter) << row.query;
    EXPECT_FALSE(query.error().sentence.empty()) << row.query;
  }
}

TEST(OwnQuery, a_cursor_is_bound_to_what_is_asked_alone) {
  const auto what = [](std::string_view query) { return read_own_query(query, OwnList::submissions, 7h).value().what; };
  EXPECT_EQ(what("state=held&limit=1&cursor=A"), what("cursor=B&state=held&format=json"));
  EXPECT_NE(what("state=held"), what("state=queued"));
  EXPECT_NE(what("route=a&receipt=b"), what("route=a%0Areceipt=b"));
}

TEST(OwnQuery, one_value) {
  EXPECT_EQ(query_value("a=1&format=csv", "format"), "csv");
  EXPECT_EQ(query_value("a=1", "format"), std::nullopt);
  EXPECT_EQ(query_value("format=%", "format"), std::nullopt);
}

}  // namespace
}  // namespace titip::reads
