#include "gateway/delivery/logins.h"

#include <gtest/gtest.h>

#include <functional>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;

const clock::SteadyTime now{1000h};
constexpr LoginOptions options{.pause_first = 15min, .pause_max = 1h, .again_first = 1s};

TEST(Logins, a_facility_is_taken_to_be_logged_in) {
  const Logins logins(options);
  EXPECT_EQ(logins.standing("a", now), Standing::usable);
  EXPECT_EQ(logins.next_wake(now), std::nullopt);
}

TEST(Logins, an_expired_one_logs_in_once_and_goes_on) {
  Logins logins(options);
  logins.expired("a", now);
  EXPECT_EQ(logins.standing("a", now), Standing::needs_login);
  EXPECT_EQ(logins.standing("b", now), Standing::usable);
  logins.began("a");
  EXPECT_EQ(logins.standing("a", now), Standing::logging_in);
  EXPECT_EQ(logins.in_progress(), 1U);
  logins.expired("a", now);  // the others that were in flight
  EXPECT_EQ(logins.standing("a", now), Standing::logging_in);
  logins.accepted("a");
  EXPECT_EQ(logins.standing("a", now), Standing::usable);
  EXPECT_EQ(logins.in_progress(), 0U);
}

TEST(Logins, after_a_refusal_a_facility_is_on_trial_until_it_is_served) {
  Logins logins(options);
  EXPECT_FALSE(logins.on_trial("a"));
  logins.refused("a", now);
  EXPECT_FALSE(logins.on_trial("a")) << "it is paused";
  logins.accepted("a");
  EXPECT_TRUE(logins.on_trial("a"));
  EXPECT_FALSE(logins.on_trial("b"));
  logins.worked("a");
  EXPECT_FALSE(logins.on_trial("a"));
}

TEST(Logins, refused_credentials_pause_for_longer_and_longer) {
  Logins logins(options);
  auto at = now;
  for (const auto pause : {15min, 30min, 60min, 60min}) {
    logins.refused("a", at);
    EXPECT_EQ(logins.standing("a", at), Standing::paused);
    EXPECT_EQ(logins.paused(at), 1U);
    EXPECT_EQ(logins.next_wake(at), at + pause);
    EXPECT_EQ(logins.standing("a", at + pause - 1ms), Standing::paused);
    at += pause;
    EXPECT_EQ(logins.standing("a", at), Standing::needs_login);
    EXPECT_EQ(logins.paused(at), 0U);
    logins.began("a");
  }
}

TEST(Logins, several_refusals_at_once_are_one) {
  Logins logins(options);
  logins.refused("a", now);
  logins.refused("a", now + 1s);
  logins.expired("a", now + 1s);
  EXPECT_EQ(logins.standing("a", now + 1s), Standing::paused);
  EXPECT_EQ(logins.next_wake(now), now + 15min);
}

TEST(Logins, a_newer_credential_ends_the_pause_for_good) {
  Logins logins(options);
  logins.refused("a", now);
  logins.renewed("a");
  EXPECT_EQ(logins.standing("a", now), Standing::usable);
  logins.refused("a", now);
  EXPECT_EQ(logins.next_wake(now), now + 15min) << "the pause starts small again";
}

// Whether the server says "accepted" or nothing clear: a log-in that leads nowhere must not be repeated at once for
// ever.
TEST(Logins, log_ins_that_lead_nowhere_come_slower_and_slower) {
  struct Row {
    const char* name;
    bool accepted;  // and then expired at once
  };
  for (const auto& row : {Row{"no clear answer", false}, Row{"accepted and expired at once", true}}) {
    Logins logins(options);
    logins.expired("a", now);
    auto at = now;
    std::chrono::milliseconds sum{0};
    for (const auto wait : {1s, 2s, 4s, 8s}) {
      ASSERT_EQ(logins.standing("a", at), Standing::needs_login) << row.name;
      logins.began("a");
      if (row.accepted) {
        logins.accepted("a");
        EXPECT_EQ(logins.standing("a", at), Standing::usable) << row.name;
        logins.expired("a", at);
      } else {
        logins.inconclusive("a", at);
      }
      EXPECT_EQ(logins.standing("a", at), Standing::waiting) << row.name;
      EXPECT_EQ(logins.next_wake(at), at + wait) << row.name;
      EXPECT_EQ(logins.paused(at), 0U) << row.name << ": nobody refused these credentials";
      at += wait;
      sum += wait;
    }
    for (int i = 0; i < 40; ++i) {
      logins.began("a");
      logins.inconclusive("a", at);
    }
    EXPECT_EQ(logins.next_wake(at), at + 15min) << row.name << ": but not longer than that";
    EXPECT_EQ(sum, 15s);
  }
}

TEST(Logins, a_served_record_proves_the_log_in) {
  Logins logins(options);
  logins.expired("a", now);
  logins.began("a");
  logins.accepted("a");
  logins.worked("a");
  logins.expired("a", now + 8h);
  EXPECT_EQ(logins.standing("a", now + 8h), Standing::needs_login) << "at once";
}

TEST(Logins, a_record_sent_before_the_trouble_proves_nothing) {
  Logins logins(options);
  logins.refused("a", now);
  logins.worked("a");
  EXPECT_EQ(logins.standing("a", now), Standing::paused);
  logins.expired("b", now);
  logins.began("b");
  logins.worked("b");
  EXPECT_EQ(logins.standing("b", now), Standing::logging_in);
}

// The server refused everybody from now on; at `over` it lets facilities in again.
TEST(Logins, pauses_of_a_mass_refusal_are_forgiven) {
  const auto over = now + 5min;
  struct Row {
    const char* name;
    std::function<void(Logins&)> before;
    Standing after;
  };
  const Row rows[] = {
      {"refused in it", [](Logins& l) { l.refused("a", now + 1min); }, Standing::usable},
      {"refused as it began", [](Logins& l) { l.refused("a", now); }, Standing::usable},
      {"refused before it", [](Logins& l) { l.refused("a", now - 1ms); }, Standing::paused},
      {"its log-in led nowhere in it",
       [](Logins& l) {
         for (int i = 0; i < 12; ++i) {
           l.began("a");
           l.inconclusive("a", now + 1min);
         }
       },
       Standing::needs_login},
      {"logging in", [](Logins& l) { l.began("a"); }, Standing::logging_in},
      {"nothing was wrong", [](Logins&) {}, Standing::usable},
      {"forgiven before, and refused again",
       [](Logins& l) {
         l.refused("a", now);
         l.forgive(now, now);
         l.refused("a", now + 1min);
       },
       Standing::paused},
      {"forgiven before, served, and refused again",
       [](Logins& l) {
         l.refused("a", now);
         l.forgive(now, now);
         l.worked("a");
         l.refused("a", now + 1min);
       },
       Standing::usable},
  };
  for (const auto& row : rows) {
    Logins logins(options);
    row.before(logins);
    logins.forgive(now, over);
    EXPECT_EQ(logins.standing("a", over), row.after) << row.name;
  }
}

// Whose age stood still meanwhile must be told that it goes on.
TEST(Logins, forgiving_says_who_was_forgiven) {
  Logins logins(options);
  logins.refused("before it", now - 1ms);
  logins.refused("one", now + 1min);
  logins.refused("two", now + 2min);
  logins.worked("nobody");
  EXPECT_EQ(logins.forgive(now, now + 5min), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(logins.forgive(now, now + 5min), std::vector<std::string>{}) << "once";
}

TEST(Logins, who_is_refused_although_forgiven_is_paused_as_ever) {
  Logins logins(options);
  logins.refused("a", now);
  logins.forgive(now, now + 1min);
  auto at = now + 1min;
  for (const auto pause : {15min, 30min, 60min}) {
    logins.refused("a", at);
    logins.forgive(now, at + 1s);
    EXPECT_EQ(logins.next_wake(at), at + pause);
    at += pause;
    logins.began("a");
  }
}

}  // namespace
}  // namespace titip::delivery
