#include "metrics/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace titip::metrics {
namespace {

using nlohmann::json;
using namespace std::string_literals;

template <class Write>
std::vector<std::string> logged(Write write) {
  testing::internal::CaptureStderr();
  write();
  std::istringstream text(testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(Log, a_line_is_one_json_object) {
  const auto lines = logged([] {
    log(Level::warning, "outage_began", {{Field::destination, "pcare"}, {Field::duration_ms, std::int64_t{1203}}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const auto line = json::parse(lines[0], nullptr, false);
  ASSERT_TRUE(line.is_object()) << lines[0];
  EXPECT_EQ(line["event"], "outage_began");
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["destination"], "pcare");
  EXPECT_EQ(line["duration_ms"], 1203);
  const auto time = line["time"].get<std::string>();
  EXPECT_EQ(time.size(), 24U) << time;
  EXPECT_TRUE(time.ends_with('Z')) << time;
}

TEST(Log, control_characters_quotes_and_formats_survive) {
  const std::string nasty = "line\r\nbreak\t\"quote\" \\ {} %v %n \x01\x1f\x7f nul:\0."s;
  const auto lines = logged([&] { log(Level::error, "x", {{Field::reason, nasty}}); });
  ASSERT_EQ(lines.size(), 1U) << "a value must not break the line";
  const auto line = json::parse(lines[0], nullptr, false);
  ASSERT_TRUE(line.is_object()) << lines[0];
  EXPECT_EQ(line["reason"], nasty);
}

TEST(Log, what_is_empty_is_not_written) {
  const auto lines = logged([] { log(Level::info, "x", {{Field::request, ""}, {Field::count, std::int64_t{0}}}); });
  ASSERT_EQ(lines.size(), 1U);
  const auto line = json::parse(lines[0], nullptr, false);
  EXPECT_FALSE(line.contains("request")) << lines[0];
  EXPECT_EQ(line["count"], 0);
}

TEST(Log, every_field_has_its_own_name) {
  const auto lines = logged([] {
    for (int field = 0; field <= static_cast<int>(Field::code); ++field)
      log(Level::info, "x", {{static_cast<Field>(field), "value"}});
  });
  std::vector<std::string> names;
  for (const auto& text : lines) {
    const auto line = json::parse(text, nullptr, false);
    ASSERT_EQ(line.size(), 4U) << text;
    for (const auto& [name, value] : line.items())
      if (value == "value") names.push_back(name);
  }
  std::ranges::sort(names);
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Field::code) + 1);
  EXPECT_TRUE(std::ranges::adjacent_find(names) == names.end());
}

TEST(Log, lines_below_the_level_are_not_written) {
  set_log_level(Level::error);
  const auto quiet = logged([] { log(Level::warning, "x"); });
  set_log_level(Level::info);
  const auto loud = logged([] { log(Level::info, "x"); });
  EXPECT_TRUE(quiet.empty());
  EXPECT_EQ(loud.size(), 1U);
}

}  // namespace
}  // namespace titip::metrics
