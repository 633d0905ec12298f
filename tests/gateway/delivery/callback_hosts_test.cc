#include "gateway/delivery/callback_hosts.h"

#include <gtest/gtest.h>

#include <vector>

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using Place = CallbackHosts::Place;

class Hosts : public ::testing::Test {
 protected:
  Hosts() { options.breaker.open_first = 10s; }

  // Everyone who may go now, by facility.
  std::vector<std::string> all(CallbackHosts& hosts) {
    std::vector<std::string> gone;
    while (auto turn = hosts.next(now)) {
      gone.push_back(turn->facility);
      places.push_back(turn->place);
      hosts.started(turn->place, now);
    }
    return gone;
  }
  void end(CallbackHosts& hosts, std::size_t at, bool served, std::chrono::seconds retry_after = {}) {
    hosts.finished(places[at], served, retry_after, 0, 10ms, now);
    places.erase(places.begin() + static_cast<std::ptrdiff_t>(at));
  }
  // A host that has answered once.
  void prove(CallbackHosts& hosts, const std::string& name) {
    hosts.wake(name, "prover");
    ASSERT_EQ(all(hosts).size(), 1U);
    end(hosts, places.size() - 1, true);
  }

  CallbackHostsOptions options;
  rules::SteadyTime now{std::chrono::hours(1000)};
  std::vector<Place> places;
};
using Names = std::vector<std::string>;

TEST_F(Hosts, a_new_host_gets_one_call_and_a_good_one_more) {
  CallbackHosts hosts(options);
  for (const auto* facility : {"a", "b", "c", "a"}) hosts.wake("https://one", facility);
  EXPECT_EQ(all(hosts), (Names{"a"})) << "twice is once, and one at first";
  EXPECT_EQ(all(hosts), Names{});
  EXPECT_EQ(hosts.in_flight(), 1U);
  end(hosts, 0, true);
  EXPECT_EQ(all(hosts), (Names{"b", "c"})) << "it has answered: more at once";
}

TEST_F(Hosts, hosts_take_turns_and_so_do_their_facilities) {
  options.window.initial = 4;
  CallbackHosts hosts(options);
  for (const auto* facility : {"a1", "a2", "a3"}) hosts.wake("https://a", facility);
  for (const auto* facility : {"b1", "b2"}) hosts.wake("https://b", facility);
  EXPECT_EQ(all(hosts), (Names{"a1", "b1", "a2", "b2", "a3"}));
}

TEST_F(Hosts, dead_hosts_leave_places_to_those_that_answer) {
  options.in_flight = 6;
  options.unproven = 4;
  options.window.initial = 8;
  CallbackHosts hosts(options);
  prove(hosts, "https://good");
  for (int dead = 0; dead < 50; ++dead) hosts.wake("https://dead" + std::to_string(dead), "d" + std::to_string(dead));
  EXPECT_EQ(all(hosts).size(), 4U) << "no more of those that are not known to answer";
  EXPECT_EQ(hosts.limit_met(), "unproven");
  hosts.wake("https://good", "g1");
  hosts.wake("https://good", "g2");
  hosts.wake("https://good", "g3");
  EXPECT_EQ(all(hosts), (Names{"g1", "g2"})) << "at once, and as many as there are places";
  EXPECT_EQ(hosts.limit_met(), "in_flight");
  EXPECT_EQ(hosts.in_flight(), 6U);
  // One of the dead ends: its place goes to the next of them, and the good one keeps its own.
  end(hosts, 0, false);
  EXPECT_EQ(all(hosts), (Names{"g3"}));
}

TEST_F(Hosts, one_that_fails_is_not_known_to_answer_any_more) {
  options.unproven = 1;
  CallbackHosts hosts(options);
  prove(hosts, "https://a");
  prove(hosts, "https://b");
  hosts.wake("https://a", "a1");
  ASSERT_EQ(all(hosts), (Names{"a1"}));
  end(hosts, 0, false);
  hosts.wake("https://new", "n1");
  hosts.wake("https://a", "a2");
  hosts.wake("https://b", "b1");
  EXPECT_EQ(all(hosts), (Names{"b1", "n1"})) << "the one place of the unproven went to the new host";
}

TEST_F(Hosts, a_host_that_is_down_is_left_alone_and_then_asked_once) {
  CallbackHosts hosts(options);
  for (int failure = 0; failure < 5; ++failure) {
    EXPECT_TRUE(hosts.is_up("https://a", now));
    hosts.wake("https://a", "a");
    ASSERT_EQ(all(hosts).size(), 1U) << failure;
    end(hosts, 0, false);
  }
  EXPECT_FALSE(hosts.is_up("https://a", now));
  EXPECT_EQ(hosts.hosts_down(now), 1U);
  hosts.wake("https://a", "a");
  hosts.wake("https://a", "b");
  EXPECT_EQ(all(hosts), Names{});
  ASSERT_TRUE(hosts.wakes_at());
  EXPECT_EQ(*hosts.wakes_at(), now + 10s);
  hosts.wake("https://b", "other");
  EXPECT_EQ(all(hosts), (Names{"other"})) << "nobody else is held up";
  now += 10s;
  EXPECT_EQ(all(hosts), (Names{"a"})) << "one is the question";
  end(hosts, 1, false);
  EXPECT_EQ(all(hosts), Names{});
  EXPECT_EQ(*hosts.wakes_at(), now + 20s) << "twice as long";
  now += 20s;
  EXPECT_EQ(all(hosts), (Names{"b"}));
  end(hosts, 1, true);
  EXPECT_TRUE(hosts.is_up("https://a", now));
  EXPECT_EQ(hosts.hosts_down(now), 0U);
}

TEST_F(Hosts, what_a_host_asks_for_is_waited_for) {
  CallbackHosts hosts(options);
  hosts.wake("https://a", "a");
  ASSERT_EQ(all(hosts).size(), 1U);
  end(hosts, 0, false, 30s);
  hosts.wake("https://a", "a");
  EXPECT_EQ(all(hosts), Names{});
  EXPECT_EQ(hosts.wakes_at(), now + 30s);
  now += 30s;
  EXPECT_EQ(all(hosts), (Names{"a"}));
}

TEST_F(Hosts, a_place_that_was_not_used_goes_back) {
  CallbackHosts hosts(options);
  hosts.wake("https://a", "a");
  hosts.wake("https://a", "b");
  auto turn = hosts.next(now);
  ASSERT_TRUE(turn);
  EXPECT_FALSE(hosts.next(now));
  hosts.release(turn->place);
  EXPECT_EQ(hosts.in_flight(), 0U);
  EXPECT_EQ(all(hosts), (Names{"b"}));
}

TEST_F(Hosts, of_those_with_nothing_to_do_only_so_many_are_remembered) {
  options.most_hosts = 3;
  options.in_flight = options.unproven = 100;
  CallbackHosts hosts(options);
  for (int host = 0; host < 20; ++host) prove(hosts, "https://h" + std::to_string(host));
  EXPECT_EQ(hosts.remembered(), 3U);
}

}  // namespace
}  // namespace titip::delivery
