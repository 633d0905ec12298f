// The answer by health as the clinic sees it.
#include <fmt/format.h>

#include <algorithm>

#include "tests/gateway/front/front_fixture.h"

namespace titip::front {
namespace {

// What a clinic waits for, and gets.
class WaitingTest : public FrontTest {
 protected:
  WaitingTest() { standing_ = intake::Standing::served; }

  // Taken in, and not answered yet.
  void begin(http::Request asked) {
    answer_.reset();
    front_->handle(std::move(asked), http::Responder([this](http::Response given) { answer_ = std::move(given); },
                                                     [] { ADD_FAILURE() << "the connection was closed"; }));
    world_.run();
  }
  void pass(std::chrono::milliseconds span) {
    world_.clock.advance(span);
    while (timers_.run_due()) {
    }
    world_.run();
  }
  // As delivery settles it.
  void settle(storage::Event event, const storage::KeptReply& reply) {
    storage::ScanPage page;
    world_.engine->scan({}, world_.home, [&](auto found) { page = std::move(*found); });
    world_.run();
    ASSERT_FALSE(page.items.empty());
    const auto& record = *std::ranges::max_element(page.items, {}, &storage::Submission::position);
    const auto epoch = world_.engine->health().epoch;
    const auto key = (*world_.sealer).unwrap(record.id, record.wrapped_key);
    storage::Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = event;
    settlement.reply = (*world_.sealer).seal(*key, record.id, "reply", encode(reply));
    world_.engine->open_attempts({{record.id, record.version, {}, epoch}}, world_.home, [](const auto&) {});
    world_.engine->settle({settlement}, world_.home, [](const auto&) {});
    world_.run();
  }
  std::optional<http::Response> answer_;
};

TEST_F(WaitingTest, the_national_answer_is_relayed_byte_for_byte) {
  const storage::KeptReply taken{201, "text/html; charset=x", "{ \"metaData\":{\"code\":201 }}\n"};
  begin(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  EXPECT_FALSE(answer_);
  pass(std::chrono::milliseconds(100));
  settle(storage::Event::delivered, taken);
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->status, 201);
  EXPECT_EQ(answer_->content_type, taken.content_type);
  EXPECT_EQ(answer_->body, taken.body);
  EXPECT_EQ(answer_->route, "vaksin/simpan");
  EXPECT_FALSE(header(*answer_, "Titip-Receipt").empty());
  EXPECT_EQ(header(*answer_, "Idempotency-Replayed"), "");

  const storage::KeptReply refused{412, "application/json", R"({"metaData":{"message":"no","code":412}})"};
  begin(request("POST", "/pcare-vaksin/vaksin/simpan",
                R"({"nik":"2","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})"));
  settle(storage::Event::rejected, refused);
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->status, 412) << "the server's own words, as it said them";
  EXPECT_EQ(answer_->body, refused.body);
}

TEST_F(WaitingTest, when_time_is_up_the_acknowledgement_is_given_in_the_same_shape) {
  begin(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  pass(std::chrono::milliseconds(2'500));
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->status, 201);
  EXPECT_EQ(json::parse(answer_->body).at("metaData").at("code"), 201);
  EXPECT_EQ(json::parse(answer_->body).at("response").at("receipt"), header(*answer_, "Titip-Receipt"));
  answer_.reset();
  settle(storage::Event::delivered, {201, "application/json", "{}"});
  EXPECT_FALSE(answer_) << "nobody is answered twice";
}

TEST_F(WaitingTest, a_preference_is_honoured_and_said_to_be) {
  const auto waiting = [&](std::vector<http::Header> preferences, const char* nik) {
    preferences.push_back({"x-kdppk", "0905R002"});
    return request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan",
                   fmt::format(R"({{"nik":"{}","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"}})", nik),
                   std::move(preferences));
  };
  begin(waiting({{"Prefer", "return=minimal"}, {"prefer", "wait=20"}}, "1"));
  pass(std::chrono::milliseconds(19'999));
  EXPECT_FALSE(answer_);
  settle(storage::Event::delivered, {201, "application/json", "{}"});
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->status, 200);
  EXPECT_EQ(header(*answer_, "Preference-Applied"), "wait=20");
  EXPECT_EQ(json::parse(answer_->body).at("national").at("status"), 201);
  begin(waiting({{"Prefer", "respond-async"}}, "2"));
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->status, 202);
  EXPECT_EQ(header(*answer_, "Preference-Applied"), "respond-async");
}

// The clinic hung up: its answer comes to nothing, and harms nothing.
TEST_F(WaitingTest, a_connection_that_is_gone_is_harmless) {
  {
    http::Responder gone([](http::Response) {}, [] {});
    front_->handle(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)), std::move(gone));
  }
  world_.run();
  settle(storage::Event::delivered, {201, "application/json", "{}"});
  EXPECT_EQ(timers_.count(), 0U);
  EXPECT_EQ(accepted(), 1U);
}

}  // namespace
}  // namespace titip::front
