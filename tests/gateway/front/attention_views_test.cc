#include "gateway/front/attention_views.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/csv.h"
#include "tests/gateway/fakes.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

reads::AttentionItem rejected() {
  reads::AttentionItem item;
  item.id = "01FD8Z6J5S0123456789ABCDEF";
  item.receipt = "6M12008TZ9RQWHWMBCQNMMD401";
  item.destination = "pcare-vaksin";
  item.route = "vaksin/simpan";
  item.state = "rejected";
  item.rule = "precondition";
  item.accepted_at = tests::morning;
  item.settled_at = tests::morning + 5s;
  item.http_status = 412;
  item.server_words = "tglLahir,\n\"tidak\" valid";
  item.to_do = words::Said("Correct it.", "Perbaiki.");
  item.method = "POST";
  item.target = "/vaksin/simpan";
  item.sent = {{R"({"nik":"3300000000000001","dosis":1})", false}};
  return item;
}

class AttentionViews : public testing::Test {
 protected:
  AttentionView view(std::string next = {}) { return {page_, owner_, tests::morning, std::move(next)}; }
  reads::AttentionPage page_{{rejected()}, "", 0};
  reads::Owner owner_{"0905R002", {"pcare-vaksin"}, 9h};
};

TEST_F(AttentionViews, for_programs) {
  page_.next = "CURSOR";
  page_.unreadable = 2;
  const auto document = json::parse(attention_json(view()));
  EXPECT_EQ(document.at("next"), "CURSOR");
  EXPECT_EQ(document.at("unreadable"), 2);
  const auto& item = document.at("items").at(0);
  EXPECT_EQ(item.at("state"), "rejected");
  EXPECT_EQ(item.at("hold_reason"), "none");
  EXPECT_EQ(item.at("server_words"), "tglLahir,\n\"tidak\" valid");
  EXPECT_EQ(item.at("to_do"), (json{{"id", "Perbaiki."}, {"en", "Correct it."}}));
  EXPECT_EQ(item.at("sent").at("body"), R"({"nik":"3300000000000001","dosis":1})");
  EXPECT_EQ(item.at("sent").at("target"), "/vaksin/simpan");
  EXPECT_EQ(item.at("reply"), nullptr);
  EXPECT_EQ(item.at("deadline"), nullptr);
}

TEST_F(AttentionViews, for_a_spreadsheet) {
  const auto rows = gateway::read_csv(attention_csv(view()));
  ASSERT_EQ(rows.size(), 2U);
  for (const auto& row : rows) {
    EXPECT_EQ(row.fault, "");
    EXPECT_EQ(row.fields.size(), 15U);
  }
  EXPECT_EQ(rows[0].fields.front(), "id");
  EXPECT_EQ(rows[1].fields[7], "2021-08-16T01:00:05.000Z");
  EXPECT_EQ(rows[1].fields[8], "") << "no deadline";
  EXPECT_EQ(rows[1].fields[10], "tglLahir,\n\"tidak\" valid");
  EXPECT_EQ(rows[1].fields[14], R"({"nik":"3300000000000001","dosis":1})");
}

// CSV injection: a spreadsheet computes what begins with one of these.
TEST_F(AttentionViews, a_spreadsheet_computes_nothing_of_it) {
  const std::pair<const char*, const char*> rows_of_words[] = {
      {"=1+1", "'=1+1"},
      {"+1", "'+1"},
      {"-1", "'-1"},
      {"@SUM(A1)", "'@SUM(A1)"},
      {" =1", "' =1"},
      {"\ta", "'\ta"},
      {"\t=1", "'\t'=1"},
      {"\r=1", "'\r'=1"},
      {"\n=HYPERLINK(\"x\")", "'\n'=HYPERLINK(\"x\")"},
      // To a spreadsheet that separates by semicolons or tabs, these are several cells.
      {"a;=1", "a;'=1"},
      {"a; -1;+2", "a; '-1;'+2"},
      {"a;\"@SUM(A1)\"", "a;\"'@SUM(A1)\""},
      {"a\t=1", "a\t'=1"},
      {"a\n=1", "a\n'=1"},
      {"a;b=1", "a;b=1"},
      {"1, -1", "1, -1"},
  };
  for (const auto& [words, expected] : rows_of_words) {
    page_.items[0].server_words = words;
    const auto rows = gateway::read_csv(attention_csv(view()));
    ASSERT_EQ(rows.size(), 2U) << words;
    EXPECT_EQ(rows[1].fields[10], expected);
  }
  page_.items[0].server_words = "a=1";
  EXPECT_EQ(gateway::read_csv(attention_csv(view()))[1].fields[10], "a=1");
}

TEST_F(AttentionViews, for_print) {
  page_.unreadable = 1;
  const auto page = attention_page(view("/v1/attention?format=html&cursor=A"));
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n<html lang=\"id\">"));
  for (const auto* part :
       {"faskes 0905R002", "Dicetak 2021-08-16 10:00 WIT", "Ditolak server nasional: vaksin/simpan", "Perbaiki.",
        "tglLahir,\n&quot;tidak&quot; valid", "<dt>nik</dt><dd>3300000000000001</dd>", "<dt>dosis</dt><dd>1</dd>",
        "1 data tidak dapat dibaca", "href=\"/v1/attention?format=html&amp;cursor=A\"", "6M12008TZ9RQWHWMBCQNMMD401"})
    EXPECT_TRUE(page.contains(part)) << part << "\n" << page;
  EXPECT_FALSE(page.contains("Tidak ada data")) << page;
  page_ = {};
  EXPECT_TRUE(attention_page(view()).contains("Tidak ada data yang perlu diperiksa."));
}

TEST_F(AttentionViews, for_print_in_english) {
  auto asked = view("/v1/attention?format=html&cursor=A");
  asked.wanted = words::Language::en;
  const auto page = attention_page(asked);
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  for (const auto* part : {"What needs attention: facility 0905R002", "Printed 2021-08-16 10:00 WIT",
                           "Refused by the national server: vaksin/simpan", "Correct it.", "Next page"})
    EXPECT_TRUE(page.contains(part)) << part << "\n" << page;
  for (const auto* part : {"Perbaiki", "Dicetak", "Ditolak", "Halaman", "Diterima"})
    EXPECT_FALSE(page.contains(part)) << part << "\n" << page;
}

// Whatever a server or a clinic wrote, wherever it stands.
TEST_F(AttentionViews, nothing_in_the_page_is_markup) {
  const std::string evil = "</dd><script>alert('x')</script><img src=x onerror=\"y\">&amp;";
  auto& item = page_.items[0];
  item.server_words = evil;
  item.route = item.destination = item.receipt = item.target = evil;
  item.to_do = words::Said(evil, evil);
  item.state = "held";
  item.sent->body = json{{evil, evil}}.dump();
  owner_.facility = evil;
  for (const bool is_json : {true, false}) {
    if (!is_json) item.sent->body = evil;
    const auto page = attention_page(view(evil));
    EXPECT_FALSE(page.contains("<script")) << page;
    EXPECT_FALSE(page.contains("<img")) << page;
    EXPECT_FALSE(page.contains("onerror=\"")) << page;
    EXPECT_TRUE(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")) << page;
  }
}

TEST_F(AttentionViews, the_policy_lets_the_page_have_its_own_style_and_nothing_else) {
  const auto policy = page_policy();
  EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
  EXPECT_FALSE(policy.contains("unsafe")) << policy;
  EXPECT_FALSE(policy.contains("script-src")) << policy;
}

TEST(CleanText, what_is_no_text_is_replaced) {
  EXPECT_EQ(clean_text("a\xffz"), "a\xef\xbf\xbdz");
  EXPECT_EQ(clean_text(std::string_view("a\0\x1b\x7f\n\tz", 7)), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n\tz");
  EXPECT_EQ(clean_text("\xc3\xa9"), "\xc3\xa9");
  EXPECT_EQ(clean_text("\xed\xa0\x80").find('\xed'), std::string::npos) << "half a surrogate pair";
}

}  // namespace
}  // namespace titip::front
