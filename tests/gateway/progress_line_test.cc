#include "gateway/progress_line.h"

#include <gtest/gtest.h>

#include <array>

namespace titip::gateway {
namespace {

using namespace std::chrono_literals;

struct Row {
  const char* name;
  storage::Progress progress;
  std::chrono::milliseconds elapsed;
  const char* words;
};
const Row rows[] = {
    {"nothing yet", {0, 5000}, 0ms, "0 of 5,000 (0 %)"},
    {"under way", {1200, 5000}, 3s, "1,200 of 5,000 (24 %), 400/s, 0:09 left"},
    {"slow", {1, 5000}, 10s, "1 of 5,000 (0 %)"},
    {"long", {1'000'000, 10'000'000}, 1000s, "1,000,000 of 10,000,000 (10 %), 1,000/s, 2:30:00 left"},
    {"done", {5000, 5000}, 10s, "5,000 of 5,000 (100 %), 500/s"},
    {"more than expected", {6000, 5000}, 10s, "6,000 of 5,000 (100 %), 600/s"},
    {"no end known", {700, 0}, 1s, "700, 700/s"},
};

TEST(ProgressLine, words) {
  for (const auto& row : rows) EXPECT_EQ(progress_words(row.progress, row.elapsed), row.words) << row.name;
}

TEST(ProgressLine, bar) {
  EXPECT_EQ(progress_bar({0, 10}, 10), "[>         ]");
  EXPECT_EQ(progress_bar({5, 10}, 10), "[=====>    ]");
  EXPECT_EQ(progress_bar({10, 10}, 10), "[==========]");
  EXPECT_EQ(progress_bar({11, 10}, 10), "[==========]");
  EXPECT_EQ(progress_bar({11, 0}, 10), "");
}

std::string written(std::FILE* file) {
  std::string text;
  std::rewind(file);
  std::array<char, 4096> chunk{};
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), file)) text.append(chunk.data(), got);
  return text;
}

TEST(ProgressLine, a_log_hears_nothing_of_short_commands_and_a_terminal_sees_a_bar) {
  std::FILE* log = std::tmpfile();
  ASSERT_NE(log, nullptr);
  ProgressLine quiet(log, false);
  quiet.show({1, 10});
  quiet.show({2, 10});
  quiet.end();
  EXPECT_EQ(written(log), "");
  std::fclose(log);

  std::FILE* terminal = std::tmpfile();
  ASSERT_NE(terminal, nullptr);
  ProgressLine drawn(terminal, true);
  drawn.show({1, 10});
  drawn.show({2, 10});  // too soon after the first
  drawn.end();
  const auto text = written(terminal);
  EXPECT_TRUE(text.contains("1 of 10 (10 %)")) << text;
  EXPECT_FALSE(text.contains("2 of 10")) << text;
  EXPECT_TRUE(text.ends_with("\r\x1b[K")) << "a clean line is left";
  EXPECT_FALSE(text.contains('\n'));
  std::fclose(terminal);
}

}  // namespace
}  // namespace titip::gateway
