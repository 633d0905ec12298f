// What bounds callbacks: dead hosts, age, number, gates, and a store that takes nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/delivery/callbacks.h"
#include "tests/gateway/delivery/told.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::Failure;
using storage::State;
using tests::callbacks_of;
using tests::give_callback;
using tests::person;
using tests::reject;
using tests::status;
using tests::webhook_secret;
using tests::with_callbacks;
using tests::World;
using tests::WorldOptions;

const std::string url = "https://klinik.example/titip";
const std::string secret = webhook_secret('1');

std::size_t in_state(World& world, State state) {
  return static_cast<std::size_t>(std::ranges::count(callbacks_of(world), state, &storage::Submission::state));
}
double metric(World& world, const std::string& name) {
  const auto text = world.metrics();
  const auto at = text.find("\n" + name + " ");
  EXPECT_NE(at, std::string::npos) << name;
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(CallbackLimits, a_dead_host_delays_neither_submissions_nor_other_receivers) {
  auto options = with_callbacks();
  options.facilities = 60;
  World world(std::move(options));
  for (int dead = 0; dead < 60; ++dead)
    give_callback(world, fmt::format("F{:03}", dead), fmt::format("https://dead{}.example/", dead), secret);
  give_callback(world, "0905R002", url, secret);
  // They take the call and never answer.
  world.receiver().script = [](const auto& request) -> std::optional<rules::Exchange> {
    return request.host.starts_with("dead") ? std::nullopt : std::optional<rules::Exchange>(status(204));
  };
  world.start();
  reject(world, 1);
  ASSERT_EQ(world.receiver().seen.size(), 1U);
  for (int dead = 0; dead < 60; ++dead) reject(world, 100 + dead, fmt::format("F{:03}", dead));
  EXPECT_EQ(world.receiver().waiting(), 32U) << "so many places they have, and no more";
  EXPECT_EQ(metric(world, "titip_callbacks_in_flight"), 32);
  EXPECT_GT(metric(world, "titip_callback_limits_met_total{limit=\"unproven\"}"), 0);
  for (int number = 2; number < 12; ++number) {
    const auto before = world.receiver().seen.size();
    reject(world, number);
    EXPECT_EQ(world.receiver().seen.size(), before + 1) << "told at once";
  }
  const auto written = world.server.effects().size();
  const auto id = world.accept({.nik = person(999)}, "vaksin/simpan", "F000");
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.effects().size(), written + 1);
  EXPECT_EQ(in_state(world, State::delivered), 11U);
}

TEST(CallbackLimits, a_host_that_is_down_costs_no_attempts_and_is_asked_ever_less) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, secret);
  world.receiver().script = [](const auto&) { return Failure::connect_refused; };
  world.start();
  for (int number = 0; number < 20; ++number) reject(world, number);
  world.pass(10h);
  const auto calls = world.receiver().seen.size();
  EXPECT_GT(calls, 20U);
  EXPECT_LT(calls, 400U) << "hours of an outage";
  EXPECT_GT(metric(world, "titip_callback_hosts_down"), 0);
  for (const auto& each : callbacks_of(world)) {
    EXPECT_LT(each.attempts, 10U);
    EXPECT_FALSE(storage::is_terminal(each.state));
  }
  world.receiver().script = [](const auto&) { return status(200); };
  ASSERT_TRUE(world.pass_until([&] { return in_state(world, State::delivered) == 20; }, 7h));
}

TEST(CallbackLimits, too_old_is_given_up_and_shown_to_a_person) {
  CallbacksOptions callbacks;
  callbacks.policy.maximum_age = 1h;
  World world(with_callbacks(callbacks));
  give_callback(world, "0905R002", url, secret);
  world.receiver().script = [](const auto&) { return status(500); };
  world.start();
  reject(world, 1);
  world.pass(59min);
  EXPECT_EQ(in_state(world, State::expired), 0U);
  world.pass(10min);
  ASSERT_EQ(in_state(world, State::expired), 1U);
  EXPECT_EQ(callbacks_of(world)[0].outcome_rule, "http_500");
  EXPECT_EQ(metric(world, "titip_callbacks_total{outcome=\"given_up\"}"), 1);
  const auto calls = world.receiver().seen.size();
  world.pass(24h);
  EXPECT_EQ(world.receiver().seen.size(), calls);
}

TEST(CallbackLimits, tried_too_often_is_given_up) {
  CallbacksOptions callbacks;
  callbacks.policy.maximum_attempts = 3;
  World world(with_callbacks(callbacks));
  give_callback(world, "0905R002", url, secret);
  world.receiver().script = [](const auto&) { return status(404); };
  world.start();
  reject(world, 1);
  world.pass(1h);
  EXPECT_EQ(world.receiver().seen.size(), 3U);
  EXPECT_EQ(in_state(world, State::expired), 1U);
}

TEST(CallbackLimits, they_grow_old_behind_a_gate_too) {
  CallbacksOptions callbacks;
  callbacks.policy.maximum_age = 1h;
  World world(with_callbacks(callbacks));
  give_callback(world, "0905R002", url, secret);
  world.callbacks().gate(true);
  world.start();
  reject(world, 1);
  world.pass(30min);
  reject(world, 2);
  EXPECT_TRUE(world.receiver().seen.empty());
  world.pass(35min);
  EXPECT_EQ(in_state(world, State::expired), 1U);
  EXPECT_EQ(in_state(world, State::queued), 1U);
  world.callbacks().gate(false);
  world.run();
  EXPECT_EQ(world.receiver().seen.size(), 1U);
  EXPECT_EQ(in_state(world, State::delivered), 1U);
}

TEST(CallbackLimits, so_many_of_a_facility_wait_and_no_more) {
  CallbacksOptions callbacks;
  callbacks.policy.most_due = 3;
  World world(with_callbacks(callbacks));
  give_callback(world, "0905R002", url, secret);
  world.callbacks().gate(true);
  world.start();
  for (int number = 0; number < 5; ++number) EXPECT_EQ(world.state(reject(world, number)), State::rejected);
  EXPECT_EQ(callbacks_of(world).size(), 3U);
  EXPECT_EQ(metric(world, "titip_callbacks_total{outcome=\"taken\"}"), 3);
  EXPECT_EQ(metric(world, "titip_callbacks_total{outcome=\"left_out\"}"), 2);
}

TEST(CallbackLimits, who_wants_to_be_told_no_more_is_not) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, secret);
  world.receiver().script = [](const auto&) { return status(500); };
  world.start();
  reject(world, 1);
  give_callback(world, "0905R002", "", "");
  world.pass(1h);
  EXPECT_EQ(world.receiver().seen.size(), 1U);
  EXPECT_EQ(in_state(world, State::cancelled), 1U);
}

TEST(CallbackLimits, a_store_that_takes_nothing_is_asked_again) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, secret);
  world.callbacks().gate(true);
  world.start();
  reject(world, 1);
  world.store().open_error = storage::Error::overloaded;
  world.callbacks().gate(false);
  world.pass(2s);
  EXPECT_TRUE(world.receiver().seen.empty()) << "nothing is sent without its open mark";
  world.store().open_error.reset();
  world.pass(2s);
  EXPECT_EQ(world.receiver().seen.size(), 1U);
  EXPECT_EQ(in_state(world, State::delivered), 1U);
}

TEST(CallbackLimits, an_orderly_stop_waits_for_what_is_under_way) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, secret);
  world.receiver().script = [](const auto&) -> std::optional<rules::Exchange> { return std::nullopt; };
  world.start();
  reject(world, 1);
  reject(world, 2);
  ASSERT_EQ(world.receiver().waiting(), 1U);
  bool stopped = false;
  world.callbacks().stop([&] { stopped = true; });
  world.run();
  EXPECT_FALSE(stopped);
  world.receiver().answer(status(200));
  world.run();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(world.receiver().seen.size(), 1U) << "nothing new";
  EXPECT_EQ(in_state(world, State::delivered), 1U);
}

}  // namespace
}  // namespace titip::delivery
