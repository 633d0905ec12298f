#include "gateway/front/negotiation.h"

#include <gtest/gtest.h>

#include <array>

namespace titip::front {
namespace {

constexpr std::array manners{Manner{"json", "application/json"}, Manner{"csv", "text/csv"},
                             Manner{"html", "text/html"}};

TEST(Negotiation, by_accept) {
  struct Row {
    const char* accept;
    const char* format;
  };
  const Row rows[] = {
      {"", "json"},
      {"*/*", "json"},
      {"application/*", "json"},
      {"text/csv", "csv"},
      {"TEXT/CSV; charset=utf-8", "csv"},
      {"text/*", "csv"},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"},
      {"text/csv;q=0.5, text/html;q=0.7", "html"},
      {"text/csv ; q=0.5 , text/html ; q=0.4", "csv"},
      {"text/*;q=0.9, text/csv;q=0.1", "html"},
      {"application/json;q=0, */*;q=0.1", "csv"},
      {"text/html;q=0, application/json;q=0", "none"},
      {"application/pdf", "none"},
      {"text", "none"},
      {";q=1", "none"},
  };
  for (const auto& row : rows) {
    const auto chosen = choose(manners, std::nullopt, row.accept);
    EXPECT_EQ(chosen ? manners[*chosen].format : "none", row.format) << row.accept;
  }
}

TEST(Negotiation, the_format_goes_before_accept) {
  EXPECT_EQ(choose(manners, "csv", "text/html"), 1U);
  EXPECT_EQ(choose(manners, "pdf", "text/html"), std::nullopt);
  EXPECT_EQ(choose(manners, "", "text/html"), std::nullopt);
}

}  // namespace
}  // namespace titip::front
