// The simulator's small pure parts.
#include <gtest/gtest.h>

#include <string>

#include "tests/pcare_sim/capacity.h"
#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/facilities.h"
#include "tests/pcare_sim/service.h"
#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

using namespace std::chrono_literals;

TEST(dates, are_those_of_the_calendar) {
  struct Row {
    const char* text;
    bool expected;
  };
  const Row rows[] = {
      {"2021-08-16", true},  {"2020-02-29", true},  {"2021-02-29", false},  {"2021-02-30", false},
      {"2021-13-01", false}, {"2021-00-10", false}, {"2021-04-31", false},  {"2021-8-16", false},
      {"16-08-2021", false}, {"", false},           {"2021-08-16 ", false}, {"2O21-08-16", false},
  };
  for (const auto& row : rows) EXPECT_EQ(is_date(row.text), row.expected) << row.text;
}

TEST(dates, change_at_the_servers_midnight) {
  const WallTime before{std::chrono::sys_days{2021y / 8 / 16} + 16h + 59min + 59s + 999ms};  // 23:59:59.999 in Jakarta
  EXPECT_EQ(date_text(before, 7h), "2021-08-16");
  EXPECT_EQ(date_text(before + 1ms, 7h), "2021-08-17");
  EXPECT_EQ(stamp_text(before, 7h), "2021-08-16T23:59:59.999+07:00");
  EXPECT_EQ(stamp_text(before, -210min), "2021-08-16T13:29:59.999-03:30");
}

TEST(dates, offsets_are_read_or_refused) {
  struct Row {
    const char* text;
    std::optional<std::chrono::minutes> expected;
  };
  const Row rows[] = {{"+07:00", 7h},           {"-03:30", -210min},      {"+00:00", 0min},
                      {"+15:00", std::nullopt}, {"7", std::nullopt},      {"+7:00", std::nullopt},
                      {"07:00", std::nullopt},  {"+07:60", std::nullopt}, {"+0a:00", std::nullopt}};
  for (const auto& row : rows) EXPECT_EQ(parse_utc_offset(row.text), row.expected) << row.text;
}

TEST(capacity, slows_what_comes_too_fast_and_then_turns_it_away) {
  Capacity capacity(10, 500ms);
  const Capacity::Time start{1h};
  for (int i = 0; i <= 5; ++i) {
    const auto wait = capacity.admit(start);
    ASSERT_TRUE(wait.has_value()) << i;
    EXPECT_EQ(*wait, i * 100ms);
  }
  EXPECT_FALSE(capacity.admit(start).has_value()) << "the line is longer than its patience";
  EXPECT_EQ(capacity.admit(start + 100ms), 500ms) << "those turned away take no place in the line";
  EXPECT_EQ(capacity.admit(start + 10s), 0ms);
  Capacity unlimited(0, 0ms);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(unlimited.admit(start), 0ms);
}

TEST(text, is_quoted_and_cleaned) {
  EXPECT_EQ(json_string("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
  EXPECT_EQ(printable("ab\n\xFF"
                      "cd",
                      5),
            "ab??c");
  EXPECT_EQ(percent_decoded("A%2D01%zz%4"), "A-01%zz%4");
  EXPECT_EQ(query_value("after=12&limit=5", "limit"), "5");
  EXPECT_EQ(query_value("xlimit=9&after=12", "limit"), "");
  EXPECT_EQ(nesting_depth(R"({"a":[{"b":"[[[[\"["}]})"), 3U);
}

TEST(target, paths_mean_calls) {
  struct Row {
    const char* method;
    const char* path;
    Endpoint expected;
  };
  const Row rows[] = {
      {"POST", "login", Endpoint::log_in},
      {"POST", "vaksin/simpan", Endpoint::dose_save},
      {"POST", "vaksin/simpan/", Endpoint::dose_save},
      {"PUT", "vaksin/ubah", Endpoint::dose_update},
      {"POST", "sasaran/simpan", Endpoint::person_save},
      {"PUT", "sasaran/update", Endpoint::person_update},
      {"GET", "tiket/nik/9900", Endpoint::person_by_nik},
      {"GET", "tiket/jenis/1/nopencarian/99/tanggal/2021-08-16", Endpoint::person_search},
      {"GET", "datavaksin/notiket/A-01", Endpoint::doses_by_ticket},
      {"GET", "datavaksin/tanggal/2021-08-16?start=2", Endpoint::doses_by_date},
      {"GET", "referensi/alasan", Endpoint::reference},
      {"PUT", "vaksin/simpan", Endpoint::wrong_method},
      {"GET", "login", Endpoint::wrong_method},
      {"GET", "tiket/nik", Endpoint::missing},
      {"GET", "tiket/nik/1/2", Endpoint::missing},
      {"GET", "", Endpoint::missing},
      {"POST", "VAKSIN/simpan", Endpoint::missing},
  };
  for (const auto& row : rows)
    EXPECT_EQ(find_target(row.method, row.path).endpoint, row.expected) << row.method << ' ' << row.path;
  EXPECT_EQ(find_target("GET", "datavaksin/notiket/A%2D01").parameters, std::vector<std::string>{"A-01"});
}

TEST(facilities, are_read_or_refused_with_the_reason) {
  const auto facility = parse_facility("0905R001:desk:uji:uji").value();
  EXPECT_EQ(facility.code, "0905R001");
  EXPECT_EQ(facility.user, "desk");
  EXPECT_EQ(facility.password, "uji:uji");
  EXPECT_EQ(parse_facility("0905R001:desk").error(), "facility '0905R001' must be written code:user:password");
  EXPECT_EQ(parse_facility("0905 R:desk:uji").error(), "facility code '0905 R' must be 1 to 20 letters and digits");
  EXPECT_EQ(parse_facility("0905R001::uji").error(), "facility 0905R001 needs a user and a password");
  EXPECT_EQ(parse_facilities(R"([{"code":"A1","user":"u","password":"uji"}])").value().size(), 1U);
  EXPECT_EQ(parse_facilities("{}").error().substr(0, 2), "/:");
  EXPECT_EQ(parse_facilities(R"([{"code":"A1","user":"u","pass":"uji"}])").error(),
            "/0/pass: unknown key; there are code, user, password");
  EXPECT_EQ(parse_facilities(R"([{"code":1}])").error(), "/0/code: must be a string");
}

}  // namespace
}  // namespace titip::pcare_sim
