// Callbacks from the rejection to the receiver, in one thread on fake time.
#include "gateway/delivery/callbacks.h"

#include <gtest/gtest.h>

#include "gateway/delivery/callback_news.h"
#include "tests/gateway/delivery/told.h"

namespace titip::delivery {
namespace {

using namespace std::chrono_literals;
using rules::Failure;
using storage::State;
using tests::body_of;
using tests::callbacks_of;
using tests::give_callback;
using tests::header;
using tests::is_signed;
using tests::Mood;
using tests::person;
using tests::reject;
using tests::status;
using tests::webhook_secret;
using tests::with_callbacks;
using tests::World;

const std::string url = "https://klinik.example/titip?a=b";
const std::string one = webhook_secret('1');
const std::string two = webhook_secret('2');

TEST(Callbacks, a_rejection_is_told_and_names_nobody) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, one);
  world.start();
  const auto id = reject(world, 1);
  ASSERT_EQ(world.state(id), State::rejected);
  ASSERT_EQ(world.receiver().seen.size(), 1U);
  const auto& request = world.receiver().seen.front();
  EXPECT_TRUE(request.tls);
  EXPECT_EQ(request.host, "klinik.example");
  EXPECT_EQ(request.port, "443");
  EXPECT_EQ(request.target, "/titip?a=b");
  EXPECT_EQ(header(request, "Host"), "klinik.example");
  EXPECT_EQ(header(request, "Content-Type"), "application/json");
  EXPECT_TRUE(is_signed(request, one));
  EXPECT_FALSE(is_signed(request, two));
  const auto body = body_of(request);
  EXPECT_EQ(body["type"], "submission.rejected");
  EXPECT_TRUE(body["timestamp"].is_string());
  EXPECT_EQ(body["data"]["submission"], id.text());
  EXPECT_EQ(body["data"]["receipt"], world.load(id).submission.receipt);
  EXPECT_EQ(body["data"]["state"], "rejected");
  EXPECT_EQ(body["data"]["rule"], world.load(id).submission.outcome_rule);
  EXPECT_EQ(body.size(), 3U);
  EXPECT_EQ(body["data"].size(), 4U) << "and nothing else";
  EXPECT_EQ(request.body.find(person(1)), std::string::npos);
  const auto kept = callbacks_of(world);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].state, State::delivered);
  EXPECT_EQ(kept[0].id.text(), header(request, "webhook-id"));
  EXPECT_EQ(world.callbacks().active(), 0U);
}

TEST(Callbacks, who_has_no_callback_is_told_nothing_and_deliveries_only_who_asked) {
  World world(with_callbacks());
  give_callback(world, "0905R003", url, one, "", true);
  world.start();
  reject(world, 1, "0905R002");
  world.accept({.nik = person(2)}, "vaksin/simpan", "0905R002");
  EXPECT_TRUE(world.receiver().seen.empty());
  EXPECT_TRUE(callbacks_of(world).empty());
  const auto id = world.accept({.nik = person(3)}, "vaksin/simpan", "0905R003");
  ASSERT_EQ(world.receiver().seen.size(), 1U);
  EXPECT_EQ(body_of(world.receiver().seen[0])["type"], "submission.delivered");
  EXPECT_EQ(body_of(world.receiver().seen[0])["data"]["submission"], id.text());
  give_callback(world, "0905R003", url, one, "", false);
  world.accept({.nik = person(4)}, "vaksin/simpan", "0905R003");
  EXPECT_EQ(world.receiver().seen.size(), 1U);
}

TEST(Callbacks, every_attempt_has_the_same_id_and_a_signature_of_its_own) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, one);
  world.receiver().script = [&](const auto&) -> std::optional<rules::Exchange> {
    if (world.receiver().seen.size() < 3) return status(500);
    return status(200);
  };
  world.start();
  reject(world, 1);
  ASSERT_EQ(world.receiver().seen.size(), 1U);
  EXPECT_EQ(callbacks_of(world)[0].state, State::deferred);
  ASSERT_TRUE(world.pass_until([&] { return world.receiver().seen.size() == 3; }, 5min));
  EXPECT_EQ(callbacks_of(world)[0].state, State::delivered);
  EXPECT_EQ(callbacks_of(world)[0].attempts, 3U);
  std::set<std::string> ids, times, signatures, bodies;
  for (const auto& each : world.receiver().seen) {
    EXPECT_TRUE(is_signed(each, one));
    ids.insert(header(each, "webhook-id"));
    times.insert(header(each, "webhook-timestamp"));
    signatures.insert(header(each, "webhook-signature"));
    bodies.insert(each.body);
  }
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(bodies.size(), 1U);
  EXPECT_EQ(times.size(), 3U);
  EXPECT_EQ(signatures.size(), 3U);
}

TEST(Callbacks, two_secrets_sign_while_they_rotate_and_a_backlog_takes_the_new_ones) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, one);
  world.receiver().script = [](const auto&) { return Failure::connect_refused; };
  world.start();
  reject(world, 1);
  give_callback(world, "0905R002", "https://lain.example/x", two, one);
  world.receiver().script = [](const auto&) { return status(200); };
  ASSERT_TRUE(world.pass_until([&] { return callbacks_of(world)[0].state == State::delivered; }, 5min));
  const auto& last = world.receiver().seen.back();
  EXPECT_EQ(last.host, "lain.example") << "where it is told now";
  EXPECT_TRUE(is_signed(last, one));
  EXPECT_TRUE(is_signed(last, two));
  give_callback(world, "0905R002", url, two);
  reject(world, 2);
  EXPECT_FALSE(is_signed(world.receiver().seen.back(), one));
  EXPECT_TRUE(is_signed(world.receiver().seen.back(), two));
}

// Nothing of it is in memory alone: the process ends with one call open and one not begun.
TEST(Callbacks, outlive_the_process) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, one);
  world.receiver().script = [](const auto&) -> std::optional<rules::Exchange> { return std::nullopt; };
  world.start();
  reject(world, 1);
  reject(world, 2);
  ASSERT_EQ(world.receiver().waiting(), 1U) << "a new host gets one at first";
  const auto first = header(world.receiver().seen[0], "webhook-id");
  world.kill();
  EXPECT_EQ(world.receiver().seen.size(), 0U);
  world.start();
  ASSERT_TRUE(world.pass_until([&] { return world.receiver().seen.size() == 2; }, 5min));
  std::set<std::string> ids;
  for (const auto& each : world.receiver().seen) ids.insert(header(each, "webhook-id"));
  EXPECT_EQ(ids.size(), 2U);
  EXPECT_TRUE(ids.contains(first)) << "sent again under the id the receiver knows";
  for (const auto& each : callbacks_of(world)) EXPECT_EQ(each.state, State::delivered);
}

TEST(Callbacks, gone_shuts_the_receiver_off_until_a_person_opens_it) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, one);
  give_callback(world, "0905R003", "https://klinik.example/lain", two);
  world.receiver().script = [](const auto& request) { return status(request.target == "/lain" ? 204 : 410); };
  world.start();
  reject(world, 1);
  ASSERT_EQ(world.receiver().seen.size(), 1U);
  EXPECT_EQ(world.gone, std::vector<std::string>{"0905R002"});
  reject(world, 2);
  world.pass(2h);
  EXPECT_EQ(world.receiver().seen.size(), 1U) << "nobody listens there";
  reject(world, 3, "0905R003");
  EXPECT_EQ(world.receiver().seen.size(), 2U) << "another receiver of the same host does";
  world.receiver().script = [](const auto&) { return status(204); };
  world.callbacks().gate_facility("0905R002", false);
  world.run();
  EXPECT_EQ(world.receiver().seen.size(), 4U) << "nothing was lost";
  for (const auto& each : callbacks_of(world)) EXPECT_EQ(each.state, State::delivered);
}

TEST(Callbacks, of_one_submission_stand_in_one_line) {
  World world(with_callbacks());
  give_callback(world, "0905R002", url, one, "", true);
  world.receiver().script = [](const auto&) { return status(503); };
  world.start();
  const auto id = reject(world, 1);
  const auto origin = world.load(id).submission;
  auto second = callback_news(world.sealer(), world.facilities().find("0905R002").get(),
                              {origin, storage::Event::delivered, "again", world.clock.wall()}, 100);
  ASSERT_EQ(second.size(), 1U);
  const auto first = callbacks_of(world);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(second[0].submission.submission.ordering_key, first[0].ordering_key);
  auto other = origin;
  other.id = storage::SubmissionId::make(world.clock.wall());
  const auto third = callback_news(world.sealer(), world.facilities().find("0905R002").get(),
                                   {other, storage::Event::delivered, "again", world.clock.wall()}, 100);
  EXPECT_NE(third[0].submission.submission.ordering_key, first[0].ordering_key) << "they do not wait for each other";
}

}  // namespace
}  // namespace titip::delivery
