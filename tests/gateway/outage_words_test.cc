#include "gateway/outage_words.h"

#include <gtest/gtest.h>

#include "upstream/rules/exchange.h"

namespace titip::gateway {
namespace {

using namespace std::chrono_literals;
using delivery::Outage;

constexpr clock::WallTime nine{std::chrono::milliseconds(1'630'461'600'000)};  // 2021-09-01, in Jakarta

TEST(OutageWords, EveryFailureHasWords) {
  for (auto at = 0; at <= static_cast<int>(rules::Failure::reply_malformed); ++at) {
    const auto name = rules::name(static_cast<rules::Failure>(at));
    EXPECT_NE(cause_words(name), name);
  }
  EXPECT_EQ(cause_words("http_503"), "answered HTTP 503");
  EXPECT_EQ(cause_words("http_200"), "answered HTTP 200, but not as the service");
  EXPECT_EQ(cause_words("http_401"), "answered HTTP 401, but not as the service");
  EXPECT_EQ(cause_words("of a later version"), "of a later version");
  EXPECT_EQ(cause_words(""), "not known");
}

TEST(OutageWords, Spans) {
  const struct {
    std::chrono::seconds span;
    const char* words;
  } rows[] = {{0s, "0 s"},         {59s, "59 s"},
              {60s, "1 min 00 s"}, {59min + 59s, "59 min 59 s"},
              {1h, "1 h 00 min"},  {23h + 59min + 59s, "23 h 59 min"},
              {24h, "1 d 00 h"},   {76h, "3 d 04 h"},
              {-5s, "0 s"}};
  for (const auto& row : rows) EXPECT_EQ(span_words(row.span), row.words);
}

TEST(OutageTable, OneHeadingADestination) {
  OutageTable table(7h, nine + 5h + 30min);
  EXPECT_EQ(table.sum(), "No outage was written down.");
  EXPECT_EQ(table.lines(Outage{"pcare", nine, nine + 90min, "http_503", 1203, 1100, 0}),
            "pcare (times in WIB)\n"
            "began             ended                 how long   accepted    delayed  why\n"
            "2021-09-01 09:00  2021-09-01 10:30    1 h 30 min      1,203      1,100  answered HTTP 503\n");
  EXPECT_EQ(table.lines(Outage{"pcare", nine + 5h, std::nullopt, "connect_refused", 7, 9, 0}),
            "2021-09-01 14:00  goes on            30 min 00 s          7          9  refused the connection\n");
  EXPECT_EQ(table.sum(), "2 outages, 2 h 00 min together; 1 is not over.");
  EXPECT_TRUE(
      table.lines(Outage{"sehat", nine, nine - 1min, "", 0, 0, 0}).starts_with("\nsehat (times in WIB)\nbegan "));
  EXPECT_EQ(table.sum(), "3 outages, 2 h 00 min together; 1 is not over.") << "a clock was set back: no span";
}

}  // namespace
}  // namespace titip::gateway
