#include "gateway/top_frame.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "storage/state_table.h"

namespace titip::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::ordered_json;

class TopFrame : public testing::Test {
 protected:
  static ordered_json status(std::uint64_t accepted, std::uint64_t delivered, std::uint64_t rejected,
                             std::uint64_t queued, const char* circuit = "closed") {
    return {{"sentence", {{"id", "Server nasional melayani."}, {"en", "The national server is serving."}}},
            {"destinations",
             {{{"destination", "pcare-vaksin"},
               {"upstream", circuit},
               {"accepted", accepted},
               {"queued", queued},
               {"deferred", 0},
               {"delivered", delivered},
               {"rejected", rejected},
               {"pending", queued},
               {"needs_attention", rejected},
               {"gate", nullptr},
               {"drain", nullptr},
               {"outage_since", nullptr}}}}};
  }
  void look(const ordered_json& status, std::chrono::seconds at) { looks_.add({status, start_ + at}); }
  std::string frame(TopSize size = {200, 0}, Language language = Language::en, bool lost = false) const {
    return top_frame(looks_, size, language, "08:00", lost);
  }
  static void expect_words(const std::string& frame, std::initializer_list<const char*> words) {
    for (const auto* word : words) EXPECT_NE(frame.find(word), std::string::npos) << word << " in\n" << frame;
  }

  const std::chrono::steady_clock::time_point start_{1h};
  TopLooks looks_;
};

TEST_F(TopFrame, the_first_look_has_counts_and_no_rates) {
  look(status(1'500, 200, 3, 1'297), 0s);
  const auto text = frame();
  expect_words(text, {"The national server is serving.", "pcare-vaksin", "closed", "1,297", "queued 1,297",
                      "delivered 200", "rejected 3", "3 need attention", "counting"});
  EXPECT_EQ(text.find("q: quit"), std::string::npos) << "there is no key to press";
  EXPECT_EQ(text.find("deferred"), std::string::npos) << "what is not there is not shown";
  expect_words(frame({200, 30}), {"q: quit"});
  expect_words(frame({200, 30}, Language::id), {"q: keluar"});
  expect_words(frame({200, 0}, Language::id), {"Server nasional melayani.", "melayani", "antre 1.297"});
}

TEST_F(TopFrame, rates_and_time_left_come_from_what_changed) {
  look(status(1'500, 200, 0, 1'300), 0s);
  look(status(1'510, 390, 10, 1'110), 10s);
  expect_words(frame(), {"1.0", "19.0", "1.0", "0:58"});  // 1,110 at 20 a second less the one that comes in
  look(status(1'510, 390, 10, 1'110), 20s);
  expect_words(frame(), {"0.5", "9.5"});
}

TEST_F(TopFrame, rates_are_of_the_last_half_minute) {
  look(status(0, 0, 0, 10'000), 0s);
  for (int second = 1; second <= 60; ++second) look(status(0, 500, 0, 9'500), std::chrono::seconds(second));
  expect_words(frame(), {"nothing is sent"});
  EXPECT_EQ(looks_.last().at - looks_.first().at, 30s);
}

TEST_F(TopFrame, a_gateway_that_began_anew_has_no_negative_rates) {
  look(status(500, 400, 0, 100), 0s);
  look(status(500, 0, 0, 100), 1s);
  EXPECT_EQ(frame().find("-4"), std::string::npos) << frame();
}

TEST_F(TopFrame, says_what_stands_in_the_way) {
  auto what = status(10, 0, 0, 10, "open");
  what["destinations"][0]["outage_since"] = "2026-08-15T02:12:00Z";
  what["destinations"][0]["gate"] = {{"since", "2026-08-15"}, {"reason", "asked\nby\x1b[2J"}};
  what["destinations"][0]["drain"] = {{"sentence", "is paused."}};
  look(what, 0s);
  const auto text = frame({200, 0}, Language::en, true);
  expect_words(text, {"open", "outage since 2026-08-15T02:12:00Z", "gated since 2026-08-15: asked?by?[2J",
                      "drain: is paused.", "does not answer"});
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "what is shown cannot move the cursor";
}

TEST_F(TopFrame, what_the_gateway_said_in_both_languages_is_shown_in_one) {
  auto what = status(10, 0, 0, 10);
  what["destinations"][0]["gate"] = {
      {"since", "2026-08-15"}, {"reason", "two refusals"}, {"reason_id", "dua penolakan"}};
  what["destinations"][0]["drain"] = {{"sentence", "is paused."}, {"sentence_id", "dijeda."}};
  look(what, 0s);
  expect_words(frame(), {"2026-08-15: two refusals", "drain: is paused."});
  const auto indonesian = frame({200, 0}, Language::id);
  expect_words(indonesian, {"2026-08-15: dua penolakan", ": dijeda."});
  EXPECT_FALSE(indonesian.contains("refusals") || indonesian.contains("paused")) << indonesian;
}

// An h is an hour in English, and in Indonesian a day.
TEST_F(TopFrame, what_is_left_has_the_units_of_its_language) {
  const struct {
    std::uint64_t pending;  // at two a second
    const char* english;
    const char* indonesian;
  } rows[] = {{100, "0:50", "0:50"}, {14'520, "2h 01m", "2j 01m"}, {367'200, "2d 3h", "2hr 3j"}};
  for (const auto& row : rows) {
    looks_ = {};
    look(status(0, 0, 0, row.pending + 20), 0s);
    look(status(0, 20, 0, row.pending), 10s);
    expect_words(frame(), {row.english});
    expect_words(frame({200, 0}, Language::id), {row.indonesian});
  }
}

TEST_F(TopFrame, fits_its_screen) {
  look(status(1'500, 200, 3, 1'297), 0s);
  auto what = status(1'500, 200, 3, 1'297);
  what["sentence"]["en"] = "Selesai ± 25 menit ±±±±±±±±±±±±±±±±±±±±±±±±±±±±±±±±±±";
  look(what, 1s);
  std::istringstream lines(frame({20, 4}));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::size_t characters = 0;
    for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
    EXPECT_LE(characters, 20U) << line;
  }
  EXPECT_EQ(count, 4U);
}

TEST(TopWords, everything_is_said_in_both_languages) {
  for (int each = 0; each < top_word_count; ++each) {
    const auto word = static_cast<TopWord>(each);
    EXPECT_FALSE(say_in(Language::id, word).empty()) << each;
    EXPECT_FALSE(say_in(Language::en, word).empty()) << each;
    EXPECT_NE(say_in(Language::id, word), say_in(Language::en, word)) << each;
  }
  std::set<std::string_view> said;
  for (const auto state : storage::all_states) {
    EXPECT_NE(state_in(Language::id, storage::name(state)), storage::name(state)) << storage::name(state);
    said.insert(state_in(Language::id, storage::name(state)));
  }
  EXPECT_EQ(said.size(), storage::all_states.size()) << "no two states are called the same";
  EXPECT_EQ(state_in(Language::id, "new"), "new");
  using words::language_named;
  using words::language_of;
  EXPECT_EQ(language_of("id_ID.UTF-8"), Language::id);
  EXPECT_EQ(language_of("C.UTF-8"), Language::en);
  EXPECT_EQ(language_of(nullptr), Language::en);
  EXPECT_EQ(language_named("xx"), std::nullopt);
}

}  // namespace
}  // namespace titip::gateway
