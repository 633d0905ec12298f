// One list read for many, all at once or page by page: who is on it has landed, and each goes by its own wait.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using storage::Outcome;
using storage::State;
using tests::Mood;
using tests::person;
using tests::World;
using tests::WorldOptions;
using Outcomes = std::vector<Outcome>;

constexpr auto list_of_the_day = "/datavaksin/tanggal/2021-08-16";

// The probe of a dose reads the facility's list of that day.
WorldOptions by_day() {
  WorldOptions options;
  options.facilities = 2;
  options.upstream.window = {.initial = 32, .cap = 32};
  options.upstream.breaker.minimum_calls = 100'000;
  options.profile = [](profile::Profile& changed) {
    for (auto& route : changed.routes)
      if (route.id == "vaksin/simpan") route.probe->read = "/datavaksin/tanggal/{/tglVaksin}";
  };
  return options;
}

rules::Reply the_list(const World& world) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& effect : world.server.effects()) list.push_back(effect);
  return tests::national(200, 200, "OK", nlohmann::json{{"list", list}}.dump());
}

TEST(SharedRead, one_read_answers_all_that_ask_the_same) {
  World world(by_day());
  std::set<std::string> asked_for;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (request.target != list_of_the_day) return world.server(request);
    asked_for.insert(std::string(tests::header(request, "x-kdppk")));
    return the_list(world);
  };
  world.server.next_writes.assign(20, Mood::lose_reply);
  std::vector<storage::SubmissionId> ids;
  for (int i = 0; i < 20; ++i)
    ids.push_back(world.accept({.nik = person(i)}, "vaksin/simpan", i % 2 == 0 ? "F000" : "F001"));
  world.start();
  world.pass(10s);
  for (const auto& id : ids) {
    EXPECT_EQ(world.state(id), State::delivered);
    EXPECT_EQ(world.outcomes(id), (Outcomes{Outcome::unknown, Outcome::found}));
  }
  EXPECT_EQ(world.server.effects().size(), 20U);
  EXPECT_LE(world.transport().count("GET", list_of_the_day), 6U) << "not one for each";
  EXPECT_EQ(asked_for, (std::set<std::string>{"F000", "F001"})) << "each facility its own";
}

TEST(SharedRead, each_goes_by_its_own_wait) {
  World world(by_day());
  bool silent = true;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (request.target != list_of_the_day) return world.server(request);
    return silent ? std::nullopt : std::optional<rules::Exchange>(the_list(world));
  };
  world.start();
  world.server.next_writes = {Mood::swallow};
  silent = false;
  const auto early = world.accept({.nik = person(1)});
  world.pass(28s);
  silent = true;
  world.pass(4s);  // the late-apply wait is 30 s: this read may decide about the first
  ASSERT_EQ(world.transport().waiting().size(), 1U);
  world.server.next_writes = {Mood::swallow};
  const auto late = world.accept({.nik = person(2)});
  world.pass(5s);
  EXPECT_EQ(world.state(late), State::unknown);
  EXPECT_EQ(world.transport().waiting().size(), 1U) << "it shares the question that is under way";
  const auto writes = world.writes();
  world.transport().answer(0, the_list(world));
  world.run();
  EXPECT_NE(world.state(early), State::unknown) << "the read began after its wait";
  EXPECT_EQ(world.state(late), State::unknown) << "for this one it began too early";
  world.pass(10s);
  EXPECT_EQ(world.writes(), writes + 1) << "only the first is sent again";
  silent = false;
  world.pass(2min);
  EXPECT_EQ(world.state(early), State::delivered);
  EXPECT_EQ(world.state(late), State::delivered);
  EXPECT_EQ(world.server.effects().size(), 2U);
}

// --- a list in pages ---

constexpr std::size_t page_size = 10;

// The probe of a dose reads the facility's list of that day, ten entries at a time.
WorldOptions by_page() {
  auto options = by_day();
  options.profile = [](profile::Profile& changed) {
    for (auto& route : changed.routes) {
      if (route.id != "vaksin/simpan") continue;
      route.probe->read = "/daftar/{/tglVaksin}/{start}/{limit}";
      route.probe->paging = profile::Paging{.count = "/response/count", .size = page_size};
    }
  };
  return options;
}

// A page, of all that landed or of what the test leaves of it.
std::optional<rules::Reply> the_page(const World& world, const client::OutboundRequest& request,
                                     std::size_t left_out = 0) {
  constexpr std::string_view before = "/daftar/2021-08-16/";
  if (!request.target.starts_with(before)) return std::nullopt;
  const auto start = static_cast<std::size_t>(std::stoul(request.target.substr(before.size())));
  const auto& all = world.server.effects();
  const auto count = all.size() - left_out;
  nlohmann::json list = nlohmann::json::array();
  for (auto i = start; i < std::min(count, start + page_size); ++i) list.push_back(all[i + left_out]);
  return tests::national(200, 200, "OK", nlohmann::json{{"count", count}, {"list", list}}.dump());
}

std::vector<std::string> pages_asked_for(World& world) {
  std::vector<std::string> targets;
  for (const auto& request : world.transport().seen)
    if (request.target.starts_with("/daftar/")) targets.push_back(request.target);
  return targets;
}

TEST(PagedRead, pages_are_followed_until_everybody_is_found) {
  World world(by_page());
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (auto page = the_page(world, request)) return *page;
    return world.server(request);
  };
  for (int i = 0; i < 25; ++i) world.accept({.nik = person(i)});
  world.start();
  world.pass(1s);
  ASSERT_EQ(world.server.effects().size(), 25U);
  world.server.next_writes.assign(2, Mood::lose_reply);
  const auto one = world.accept({.nik = person(100)});
  const auto two = world.accept({.nik = person(101)});
  world.pass(10s);
  for (const auto& id : {one, two}) EXPECT_EQ(world.outcomes(id), (Outcomes{Outcome::unknown, Outcome::found}));
  const auto asked = pages_asked_for(world);
  EXPECT_EQ(asked[0], "/daftar/2021-08-16/0/10");
  EXPECT_EQ(asked[1], "/daftar/2021-08-16/10/10");
  EXPECT_EQ(asked[2], "/daftar/2021-08-16/20/10");
  EXPECT_LE(asked.size(), 6U) << "one after another asks for himself at most";
}

TEST(PagedRead, who_shares_a_list_of_pages_goes_by_his_own_wait) {
  World world(by_page());
  bool silent = false;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (auto page = the_page(world, request)) return silent ? std::nullopt : std::optional<rules::Exchange>(*page);
    return world.server(request);
  };
  for (int i = 0; i < 15; ++i) world.accept({.nik = person(i)});
  world.start();
  world.pass(1s);
  world.server.next_writes = {Mood::swallow};
  const auto early = world.accept({.nik = person(100)});
  world.pass(28s);
  EXPECT_EQ(world.state(early), State::unknown) << "it was not found, too early to be believed";
  silent = true;
  world.pass(4s);  // the late-apply wait is 30 s: this read may decide about the first
  ASSERT_EQ(world.transport().waiting().size(), 1U);
  const auto answer = [&] {
    world.transport().answer(0, *the_page(world, world.transport().waiting()[0].request));
    world.run();
  };
  answer();
  ASSERT_EQ(world.transport().waiting().size(), 1U) << "the second page";
  world.server.next_writes = {Mood::swallow};
  const auto late = world.accept({.nik = person(101)});
  world.pass(5s);
  ASSERT_EQ(world.transport().waiting().size(), 1U) << "it shares the question that is under way";
  answer();
  EXPECT_NE(world.state(early), State::unknown) << "the first page was asked for after its wait";
  EXPECT_EQ(world.state(late), State::unknown) << "for this one too early";
  silent = false;
  world.pass(2min);
  EXPECT_EQ(world.state(early), State::delivered);
  EXPECT_EQ(world.state(late), State::delivered);
  EXPECT_EQ(world.server.effects().size(), 17U) << "each once";
}

// Somebody deletes entries between two pages: what slips over from the second to the first is never seen.
TEST(PagedRead, a_list_that_changed_meanwhile_proves_no_absence) {
  World world(by_page());
  std::size_t left_out = 0;
  bool changes = true;
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    auto page = the_page(world, request, left_out);
    if (!page) return world.server(request);
    left_out = changes && left_out == 0 ? page_size : 0;  // from one page to the next
    return *page;
  };
  for (int i = 0; i < 15; ++i) world.accept({.nik = person(i)});
  world.start();
  world.pass(1s);
  world.server.next_writes = {Mood::lose_reply};
  const auto id = world.accept({.nik = person(100)});  // the sixteenth: on the second page, and then on the first
  world.pass(5min);
  EXPECT_EQ(world.state(id), State::unknown) << "long after the wait";
  changes = false;
  world.pass(20min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.effects().size(), 16U) << "it was not sent again";
  const auto outcomes = world.outcomes(id);
  EXPECT_EQ(std::ranges::count(outcomes, Outcome::not_found), 0);
  EXPECT_EQ(outcomes.back(), Outcome::found);
}

TEST(PagedRead, what_is_on_no_page_is_sent_again_after_its_wait) {
  World world(by_page());
  world.transport().server = [&](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
    if (auto page = the_page(world, request)) return *page;
    return world.server(request);
  };
  for (int i = 0; i < 20; ++i) world.accept({.nik = person(i)});
  world.start();
  world.pass(1s);
  world.server.next_writes = {Mood::swallow};
  const auto id = world.accept({.nik = person(100)});
  world.pass(2min);
  EXPECT_EQ(world.state(id), State::delivered);
  EXPECT_EQ(world.server.effects().size(), 21U);
  EXPECT_EQ(world.outcomes(id).back(), Outcome::delivered);
}

}  // namespace
}  // namespace titip::delivery
