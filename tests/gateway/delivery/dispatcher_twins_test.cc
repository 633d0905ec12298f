// Things that look alike in the server's list: each record is one of them, and each is there once. And a DELETE by a
// number that may be that of a record in doubt.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "storage/payload.h"
#include "storage/reference_keys.h"
#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using storage::State;
using tests::Mood;
using tests::World;
using tests::WorldOptions;

// Doses that nothing tells apart but the number that the server gives each.
class Twins {
 public:
  Twins() : world(options()) { serve(); }

  void serve() {
    world.transport().server = [this](const client::OutboundRequest& call) -> std::optional<rules::Exchange> {
      if (call.method == "DELETE") {
        deleted.push_back(json::parse(call.body).at("noDosis"));
        return tests::national(200, 200, "OK");
      }
      auto exchange = world.server(call);
      auto* reply = exchange ? std::get_if<rules::Reply>(&*exchange) : nullptr;
      if (reply == nullptr || reply->http_status / 100 != 2) return exchange;
      const auto& there = world.server.effects();
      if (call.method == "POST" && call.target == "/vaksin/simpan" && tells_numbers) {
        exchange =
            tests::national(201, 201, "CREATED", fmt::format(R"({{"field":"noDosis","message":"D{}"}})", there.size()));
      } else if (call.target.starts_with("/datavaksin/notiket/")) {
        auto list = json::array();
        for (std::size_t at = 0; at < there.size(); ++at) {
          const auto number = fmt::format("D{}", at + 1);
          if (std::ranges::find(deleted, number) != deleted.end()) continue;
          list.push_back(there[at]);
          list.back()["noDosis"] = number;
        }
        exchange = tests::national(200, 200, "OK", json{{"list", list}}.dump());
      }
      return exchange;
    };
  }

  // By a number of the server's own, which says nothing of the person.
  storage::SubmissionId remove(const std::string& number) {
    return world.accept({.nik = tests::person(2), .more = R"(,"noDosis":")" + number + '"'}, "vaksin/hapus");
  }
  storage::SubmissionId dose() { return world.accept({.nik = tests::person(1)}); }
  bool both_are_delivered(const storage::SubmissionId& a, const storage::SubmissionId& b) {
    return world.pass_until([&] { return world.state(a) == State::delivered && world.state(b) == State::delivered; },
                            2h);
  }
  // The real number of a record; empty: it has none.
  std::string number_of(const storage::SubmissionId& id) {
    for (int n = 1; n < 9; ++n) {
      const auto number = fmt::format("D{}", n);
      const auto key = storage::reference_key(world.sealer(), {"pcare-vaksin", "0905R002"}, "noDosis", {}, number);
      const auto& references = world.load(id).submission.references;
      if (std::ranges::find(references, key) != references.end()) return number;
    }
    return {};
  }

  static WorldOptions options() {
    WorldOptions options;
    options.profile = [](profile::Profile& profile) {
      profile.references = {{"noDosis", "T{6}"}};
      for (auto& route : profile.routes) {
        if (route.id != "vaksin/simpan") continue;
        route.yields = {{.reference = "noDosis", .in_reply = {"/response"}, .in_entry = "/noDosis"}};
        route.natural_key.clear();
        route.probe->identify.clear();
        route.probe->compare = {{"/nik", "/nik"}, {"/dosis", "/dosis"}};
        route.probe->among_others = true;
      }
      profile::Route removal;
      removal.id = "vaksin/hapus";
      removal.method = "DELETE";
      removal.path = "/vaksin/hapus";
      removal.action = profile::Action::queue;
      removal.ordering_key = {"/noDosis"};
      removal.ordering_from = "noDosis";
      removal.quotes = {{.reference = "noDosis", .at = "/noDosis"}};
      removal.takes_back = profile::TakesBack{"noDosis", {}};
      removal.after_unknown = profile::AfterUnknown::repeat;
      profile.routes.push_back(std::move(removal));
    };
    return options;
  }

  World world;
  std::vector<std::string> deleted;  // at the server, in order
  bool tells_numbers = true;
};

TEST(Twins, a_write_that_was_lost_is_not_taken_for_its_twin) {
  Twins at;
  at.world.server.next_writes = {Mood::serve, Mood::swallow};
  const auto first = at.dose();
  const auto second = at.dose();
  at.world.start();
  ASSERT_TRUE(at.both_are_delivered(first, second));
  EXPECT_EQ(at.world.server.effects().size(), 2U) << "each once";
  EXPECT_EQ(at.number_of(first), "D1");
  EXPECT_EQ(at.number_of(second), "D2");
}

TEST(Twins, lost_replies_leave_each_its_own_number) {
  Twins at;
  at.world.server.next_writes = {Mood::lose_reply, Mood::lose_reply, Mood::swallow};
  const auto first = at.dose();
  const auto second = at.dose();
  const auto third = at.dose();
  at.world.start();
  ASSERT_TRUE(at.both_are_delivered(first, second));
  ASSERT_TRUE(at.both_are_delivered(second, third));
  EXPECT_EQ(at.world.server.effects().size(), 3U) << "each once";
  EXPECT_EQ(at.number_of(first), "D1");
  EXPECT_EQ(at.number_of(second), "D2");
  EXPECT_EQ(at.number_of(third), "D3");
}

// Neither has a number when the list is read, and both ask in one question.
TEST(Twins, two_who_read_one_list_do_not_take_the_same) {
  Twins at;
  at.tells_numbers = false;
  at.world.server.next_reads.assign(20, Mood::error_page);
  const auto first = at.dose();
  const auto second = at.dose();
  at.world.start();
  ASSERT_TRUE(at.both_are_delivered(first, second));
  ASSERT_TRUE(at.world.pass_until([&] { return !at.number_of(first).empty() && !at.number_of(second).empty(); }, 6h));
  EXPECT_NE(at.number_of(first), at.number_of(second));
  EXPECT_EQ(at.world.server.effects().size(), 2U);
}

// The reply was lost, and the clinic found the number in a list. Deleted before its record is settled it would be
// missed by the probe, and come back.
TEST(Doubt, a_delete_waits_for_what_it_may_mean) {
  Twins at;
  at.world.server.next_writes = {Mood::lose_reply};
  at.world.server.next_reads.assign(3, Mood::error_page);
  at.world.start();
  const auto dose = at.dose();
  ASSERT_EQ(at.world.state(dose), State::unknown);
  const auto removal = at.remove("D1");
  EXPECT_EQ(at.world.state(removal), State::queued);
  EXPECT_TRUE(at.deleted.empty()) << "not before it is known what came of the dose";
  ASSERT_TRUE(at.both_are_delivered(dose, removal));
  at.world.pass(1h);
  EXPECT_EQ(at.world.server.effects().size(), 1U) << "and it does not come back";
  EXPECT_EQ(at.deleted, std::vector<std::string>{"D1"});
  EXPECT_EQ(at.world.load(removal).attempts.size(), 1U) << "waiting leaves no trace";
}

TEST(Doubt, a_delete_waits_after_a_restart_too) {
  Twins at;
  at.world.server.next_writes = {Mood::lose_reply};
  at.world.server.next_reads.assign(3, Mood::error_page);
  at.world.start();
  const auto dose = at.dose();
  const auto removal = at.remove("D1");
  at.world.kill();
  at.serve();
  at.world.start();
  ASSERT_TRUE(at.both_are_delivered(dose, removal));
  EXPECT_EQ(at.world.server.effects().size(), 1U);
  EXPECT_EQ(at.deleted, std::vector<std::string>{"D1"});
}

TEST(Doubt, a_delete_waits_for_nothing_that_came_later_or_is_anothers) {
  Twins at;
  at.world.server.next_writes = {Mood::lose_reply, Mood::lose_reply};
  at.world.server.next_reads.assign(3, Mood::error_page);
  const auto elsewhere = at.world.accept({.nik = tests::person(3)}, "vaksin/simpan", "0905R003");
  const auto removal = at.remove("D7");
  const auto later = at.dose();
  at.world.start();
  EXPECT_EQ(at.world.state(elsewhere), State::unknown);
  EXPECT_EQ(at.world.state(later), State::unknown);
  EXPECT_EQ(at.world.state(removal), State::delivered);
}

}  // namespace
}  // namespace titip::delivery
