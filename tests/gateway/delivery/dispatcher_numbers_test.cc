// Numbers that the server gives: taken from replies, from lists, and put into what quotes them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "storage/payload.h"
#include "tests/gateway/delivery/world.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using storage::State;
using tests::Mood;
using tests::World;
using tests::WorldOptions;

// The server gives each dose a number, in its reply and in its list; a change of the dose quotes it.
class NumberedWorld {
 public:
  NumberedWorld() : world(options()) { serve(); }

  void serve() {
    world.transport().server = [this](const client::OutboundRequest& call) {
      auto exchange = world.server(call);
      auto* reply = exchange ? std::get_if<rules::Reply>(&*exchange) : nullptr;
      if (reply == nullptr || reply->http_status / 100 != 2) return exchange;
      if (call.method == "POST" && call.target == "/vaksin/simpan") {
        exchange = duplicates
                       ? tests::national(428, 428, "Peserta sudah di-entri di poli yang sama pada hari yang sama")
                       : tests::national(201, 201, "CREATED", R"({"field":"noDosis","message":"D1"})");
      } else if (call.method == "GET" && reply->body.contains("noBatch")) {
        auto document = json::parse(reply->body);
        for (auto& entry : document["response"]["list"]) entry["noDosis"] = lists_numbers ? json("D1") : json(nullptr);
        reply->body = document.dump();
      }
      return exchange;
    };
  }

  storage::SubmissionId dose() { return world.accept({.nik = tests::person(1)}); }
  storage::SubmissionId change(const std::string& number) {
    return world.accept({.nik = tests::person(1), .batch = "B2", .more = R"(,"noDosis":")" + number + '"'},
                        "vaksin/ubah");
  }
  std::string provisional(const storage::SubmissionId& id) {
    const auto loaded = world.load(id);
    const auto key = world.sealer().unwrap(id, loaded.submission.wrapped_key);
    const auto payload = storage::decode_payload(*world.sealer().open(*key, id, "payload", loaded.payload));
    return payload->provisional.empty() ? std::string() : payload->provisional.front().second;
  }
  // What the server was told in the last change.
  std::string quoted() const {
    for (auto call = world.transport().seen.rbegin(); call != world.transport().seen.rend(); ++call)
      if (call->method == "PUT") return json::parse(call->body).at("noDosis");
    return {};
  }
  bool delivers(const storage::SubmissionId& id) {
    return world.pass_until([&] { return world.state(id) == State::delivered; }, 30min);
  }

  static WorldOptions options() {
    WorldOptions options;
    options.settle.read_back.age = 1h;
    options.profile = [](profile::Profile& profile) {
      profile.references = {{"noDosis", "T{6}"}};
      for (auto& route : profile.routes) {
        if (route.id == "vaksin/simpan")
          route.yields = {{.reference = "noDosis", .in_reply = {"/response"}, .in_entry = "/noDosis"}};
        if (route.id == "vaksin/ubah") route.quotes = {{.reference = "noDosis", .at = "/noDosis"}};
      }
    };
    return options;
  }

  mutable World world;
  bool duplicates = false;
  bool lists_numbers = true;
};

TEST(Numbers, the_replys_number_stands_where_the_provisional_one_was_quoted) {
  NumberedWorld at;
  const auto first = at.dose();
  const auto given = at.provisional(first);
  ASSERT_TRUE(given.starts_with("T"));
  const auto second = at.change(given);
  EXPECT_EQ(at.world.state(second), State::blocked) << "nobody knows the number yet";
  at.world.start();
  EXPECT_TRUE(at.delivers(second));
  EXPECT_EQ(at.quoted(), "D1");
  EXPECT_EQ(at.world.writes(), 2U);
  const auto attempts = at.world.load(second).attempts;
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].patched, std::vector<std::string>{"/noDosis"});
}

TEST(Numbers, known_already_and_by_its_real_name) {
  NumberedWorld at;
  at.world.start();
  const auto first = at.dose();
  ASSERT_TRUE(at.delivers(first));
  for (const auto& number : {at.provisional(first), std::string("D1")}) {
    EXPECT_TRUE(at.delivers(at.change(number)));
    EXPECT_EQ(at.quoted(), "D1");
  }
}

TEST(Numbers, one_that_was_never_ours_passes_as_it_is) {
  NumberedWorld at;
  at.world.start();
  EXPECT_TRUE(at.delivers(at.change("D9")));
  EXPECT_EQ(at.quoted(), "D9");
  EXPECT_TRUE(at.world.load(at.change("D8")).attempts.front().patched.empty());
}

TEST(Numbers, a_lost_replys_number_is_found_in_the_list) {
  NumberedWorld at;
  at.world.server.next_writes = {Mood::lose_reply};
  const auto second = at.change(at.provisional(at.dose()));
  at.world.start();
  EXPECT_TRUE(at.delivers(second));
  EXPECT_EQ(at.quoted(), "D1");
  EXPECT_EQ(at.world.server.effects().size(), 2U);
}

TEST(Numbers, a_duplicates_number_is_read_back) {
  NumberedWorld at;
  at.duplicates = true;
  at.world.start();
  const auto first = at.dose();
  ASSERT_TRUE(at.delivers(first));
  EXPECT_TRUE(at.delivers(at.change(at.provisional(first))));
  EXPECT_EQ(at.quoted(), "D1");
  EXPECT_FALSE(at.world.load(first).submission.due_at) << "there is nothing left to read";
}

TEST(Numbers, it_is_looked_for_until_it_is_there_also_after_a_restart) {
  NumberedWorld at;
  at.duplicates = true;
  at.lists_numbers = false;
  at.world.start();
  const auto first = at.dose();
  ASSERT_TRUE(at.delivers(first));
  const auto second = at.change(at.provisional(first));
  at.world.pass(2min);
  EXPECT_EQ(at.world.state(second), State::blocked);
  const auto reads = at.world.probes();
  EXPECT_GE(reads, 3U);
  EXPECT_LE(reads, 12U) << "seldom and more seldom";
  at.world.kill();
  at.serve();
  at.lists_numbers = true;
  at.world.start();
  EXPECT_TRUE(at.delivers(second));
  EXPECT_EQ(at.quoted(), "D1");
}

TEST(Numbers, one_that_never_comes_holds_what_waits_for_it) {
  NumberedWorld at;
  at.duplicates = true;
  at.lists_numbers = false;
  at.world.start();
  const auto first = at.dose();
  ASSERT_TRUE(at.delivers(first));
  const auto second = at.change(at.provisional(first));
  at.world.pass(50min);
  EXPECT_EQ(at.world.state(second), State::blocked);
  at.world.pass(1h);
  EXPECT_EQ(at.world.state(second), State::held);
  EXPECT_EQ(at.world.load(second).submission.hold_reason, storage::HoldReason::requirement);
}

}  // namespace
}  // namespace titip::delivery
