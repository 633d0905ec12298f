// What `titip status` prints.
#include "gateway/say.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::gateway {
namespace {

std::string said(nlohmann::json deadlines) {
  nlohmann::json destination{{"destination", "pcare-vaksin"}, {"upstream", "open"}};
  destination["deadlines"] = std::move(deadlines);
  nlohmann::json document;
  document["destinations"].push_back(std::move(destination));
  return status_text({{}, false, words::verbatim("One sentence."), document.dump()});
}

TEST(StatusText, says_how_many_will_miss_a_deadline) {
  const struct {
    const char* name;
    nlohmann::json deadlines;
    const char* line;  // of the text; empty: none speaks of deadlines
  } rows[] = {
      {"none", {{"waiting", 0}, {"next_at", nullptr}, {"will_miss", 0}, {"missed", 0}}, ""},
      {"some in time",
       {{"waiting", 1500}, {"next_at", "2021-08-16T16:59:00.000Z"}, {"will_miss", 0}, {"missed", 0}},
       "  deadlines          1,500  the next by 2021-08-16T16:59:00.000Z; 0 will miss theirs\n"},
      {"some too late",
       {{"waiting", 3}, {"next_at", "2021-08-16T16:59:00.000Z"}, {"will_miss", 2}, {"missed", 0}},
       "; 2 will miss theirs\n"},
      {"an outage",
       {{"waiting", 3}, {"next_at", "2021-08-16T16:59:00.000Z"}, {"will_miss", nullptr}, {"missed", 0}},
       "nothing is being sent, so nobody can say how many will miss theirs\n"},
      {"missed",
       {{"waiting", 0}, {"next_at", nullptr}, {"will_miss", 0}, {"missed", 4}},
       "  missed                 4\n"},
  };
  for (const auto& row : rows) {
    const auto text = said(row.deadlines);
    if (*row.line != '\0') EXPECT_TRUE(text.contains(row.line)) << row.name << ":\n" << text;
    const bool speaks = text.contains("deadlines") || text.contains("missed");
    EXPECT_EQ(speaks, *row.line != '\0') << row.name << ":\n" << text;
  }
}

// A gateway of another version may say nothing of them.
TEST(StatusText, does_without_deadlines) {
  EXPECT_TRUE(said(nullptr).starts_with("One sentence.\n"));
}

TEST(OwnOf, TakesTheLanguageThatIsThere) {
  using words::Language;
  const nlohmann::ordered_json both{{"reason", "asked for"}, {"reason_id", "diminta"}};
  const nlohmann::ordered_json older{{"reason", "asked for"}};
  const nlohmann::ordered_json none{{"reason", nullptr}, {"reason_id", nullptr}};
  EXPECT_EQ(own_of(both, "reason"), "asked for");
  EXPECT_EQ(own_of(both, "reason", "?", Language::id), "diminta");
  EXPECT_EQ(own_of(older, "reason", "?", Language::id), "asked for");
  for (const auto language : {Language::en, Language::id}) {
    EXPECT_EQ(own_of(none, "reason", "?", language), "?");
    EXPECT_EQ(own_of(both, "sentence", {}, language), "");
  }
}

}  // namespace
}  // namespace titip::gateway
