#include "gateway/reads/log_in.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "storage/kept_login.h"
#include "tests/gateway/reads_support.h"

namespace titip::reads {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto user = "desk-1";
constexpr auto secret = "a password nobody has";

class LogInTest : public testing::Test {
 protected:
  LogInTest() { server_is_up(); }

  void server_is_up() {
    world_.transport.server = [this](const client::OutboundRequest& request) -> std::optional<rules::Exchange> {
      if (request.target != "/login") return tests::national(200, 200, "OK");
      const auto body = json::parse(request.body);
      if (body.at("username") == user && body.at("password") == password_)
        return tests::national(200, 200, "OK", R"({"kdPpk":"0905R002","nmPpk":"Puskesmas Contoh"})");
      return tests::national(401, 401, "Nama pengguna atau kata sandi salah");
    };
  }

  static std::string body(std::string_view name, std::string_view password) {
    return json{{"username", name}, {"password", password}}.dump();
  }
  ReadAnswer take_body(const std::string& text, bool with_workers = true) {
    std::optional<ReadAnswer> answer;
    log_in_.take("application/json", text, [&](ReadAnswer given) { answer = std::move(given); });
    world_.run(with_workers);
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(ReadAnswer{});
  }
  ReadAnswer take(std::string_view name, std::string_view password) { return take_body(body(name, password)); }
  int code(const ReadAnswer& answer) {
    const auto document = json::parse(answer.body, nullptr, false);
    return document.is_object() ? document.at("metaData").at("code").get<int>() : 0;
  }
  bool counted(std::string_view line) { return world_.registry.expose().contains(line); }

  tests::ReadsWorld world_;
  std::string password_ = secret;
  LogInOptions options_{.maximum_age = 24h, .tries = 3, .tries_window = 60s, .waiting = 4};
  LogIn log_in_{options_, world_.log_in_doors()};
};

TEST_F(LogInTest, is_passed_on_while_the_server_is_up) {
  const auto text = " {\"username\" :\"desk-1\", \"password\":\"a password nobody has\"}";
  const auto answer = take_body(std::string(text));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.contains("Puskesmas Contoh"));
  ASSERT_EQ(world_.transport.seen.size(), 1U);
  EXPECT_EQ(world_.transport.seen[0].target, "/login");
  EXPECT_EQ(world_.transport.seen[0].body, text) << "as the clinic sent it";
  EXPECT_EQ(tests::header(world_.transport.seen[0], "x-kdppk"), "");
  EXPECT_EQ(world_.renewed, std::vector<std::string>{"0905R002"});
}

TEST_F(LogInTest, the_clinic_does_not_wait_for_the_slow_hash) {
  EXPECT_EQ(take_body(body(user, secret), false).status, 200);
  EXPECT_TRUE(world_.renewed.empty());
  world_.run();
  EXPECT_EQ(world_.renewed.size(), 1U);
}

TEST_F(LogInTest, a_refusal_is_passed_on_and_nothing_is_remembered) {
  const auto answer = take(user, "wrong");
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(world_.renewed.empty());
  world_.server_goes_down();
  EXPECT_EQ(take(user, "wrong").status, 503);
}

TEST_F(LogInTest, during_an_outage_the_verifier_answers_what_the_server_answered) {
  const auto before = take(user, secret);
  world_.server_goes_down();
  const auto asked = world_.transport.seen.size();
  const auto during = take(user, secret);
  EXPECT_EQ(during.status, before.status);
  EXPECT_EQ(during.body, before.body);
  EXPECT_EQ(during.content_type, before.content_type);
  EXPECT_EQ(world_.transport.seen.size(), asked);
  EXPECT_TRUE(counted("titip_reads_total{source=\"verifier\"} 1"));
}

TEST_F(LogInTest, a_wrong_password_is_wrong_during_an_outage_too) {
  take(user, secret);
  world_.server_goes_down();
  const auto answer = take(user, "wrong");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(code(answer), 401);
  EXPECT_FALSE(answer.body.contains("Puskesmas"));
  EXPECT_TRUE(counted("titip_auth_failures_total{reason=\"wrong_password\"} 1"));
}

TEST_F(LogInTest, a_user_never_seen_cannot_be_checked_now) {
  world_.server_goes_down();
  const auto answer = take("stranger", secret);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(code(answer), 503);
  EXPECT_TRUE(answer.body.contains("tidak dapat diperiksa")) << answer.body;
  EXPECT_TRUE(counted("titip_auth_failures_total{reason=\"unknown_user\"} 1"));
}

TEST_F(LogInTest, a_verifier_is_believed_up_to_its_age) {
  take(user, secret);
  world_.clock.advance(24h);
  world_.server_goes_down();
  EXPECT_EQ(take(user, secret).status, 200);
  world_.clock.advance(1ms);
  const auto answer = take(user, secret);
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(counted("titip_auth_failures_total{reason=\"too_old\"} 1"));
}

TEST_F(LogInTest, guessing_during_an_outage_is_slowed_down) {
  world_.server_goes_down();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take("stranger", "guess").status, 503);
  EXPECT_EQ(take("stranger", "guess").status, 429);
  EXPECT_EQ(take("somebody else", "guess").status, 503) << "each user for himself";
  world_.clock.advance(61s);
  EXPECT_EQ(take("stranger", "guess").status, 503);
  EXPECT_TRUE(counted("titip_auth_failures_total{reason=\"throttled\"} 1"));
}

TEST_F(LogInTest, more_checks_than_the_workers_take_are_told_to_wait) {
  take(user, secret);
  world_.server_goes_down();
  int waiting = 0;
  int throttled = 0;
  LogIn busy({.maximum_age = 24h, .tries = 1000, .tries_window = 60s, .waiting = 2}, world_.log_in_doors());
  for (int i = 0; i < 4; ++i) {
    busy.take("application/json", body(user, "wrong"),
              [&](const ReadAnswer& answer) { ++(answer.status == 429 ? throttled : waiting); });
    world_.run(false);
  }
  EXPECT_EQ(throttled, 2);
  EXPECT_EQ(waiting, 0);
  world_.run();
  EXPECT_EQ(waiting, 2);
}

TEST_F(LogInTest, a_password_the_server_refuses_now_is_forgotten) {
  take(user, secret);
  password_ = "changed";
  EXPECT_EQ(take(user, secret).status, 401);
  world_.server_goes_down();
  EXPECT_EQ(take(user, secret).status, 503) << "the old password must not let in any more";
}

TEST_F(LogInTest, a_strangers_wrong_guess_does_not_take_the_verifier_away) {
  take(user, secret);
  EXPECT_EQ(take(user, "guess").status, 401);
  world_.server_goes_down();
  EXPECT_EQ(take(user, secret).status, 200);
}

// The breaker is closed still, but this very log-in met the outage.
TEST_F(LogInTest, a_log_in_that_meets_the_outage_first_is_checked_too) {
  take(user, secret);
  world_.transport.server = [](const auto&) { return rules::Reply{503, "text/html", "<html>", {}}; };
  EXPECT_EQ(take(user, secret).status, 200);
  world_.transport.server = [](const auto&) { return rules::Failure::response_timeout; };
  EXPECT_EQ(take(user, "wrong").status, 401);
}

TEST_F(LogInTest, what_is_no_log_in_is_refused_without_asking_anybody) {
  for (const auto* text : {"", "{", "[]", "{}", R"({"username":"a"})", R"({"username":"","password":"b"})",
                           R"({"username":{"a":1},"password":"b"})"}) {
    const auto answer = take_body(std::string(text));
    EXPECT_EQ(answer.status, 400) << text;
    EXPECT_EQ(code(answer), 400) << text;
  }
  EXPECT_TRUE(world_.transport.seen.empty());
}

TEST_F(LogInTest, nothing_readable_is_kept) {
  take(user, secret);
  for (const auto* kind : {"verifier", "login"}) {
    std::size_t found = 0;
    world_.engine->list_objects(kind, "", 1000, world_.home, [&](const auto& objects) {
      for (const auto& [name, object] : *objects) {
        ++found;
        for (const auto* word : {user, secret, "0905R002", "Puskesmas"}) {
          EXPECT_FALSE(name.contains(word)) << kind;
          EXPECT_FALSE(object.bytes.contains(word)) << kind;
        }
      }
    });
    world_.run();
    EXPECT_EQ(found, 1U) << kind;
  }
}

TEST_F(LogInTest, delivery_finds_the_credentials_for_the_night) {
  take(user, secret);
  std::optional<storage::KeptLogin> kept;
  const auto& sealer = *world_.sealer;
  const auto name = storage::login_object_name(sealer, "pcare-vaksin", "0905R002");
  world_.engine->get_object(std::string(storage::login_kind), name, world_.home, [&](const auto& object) {
    ASSERT_TRUE(object && *object);
    const auto plain = sealer.open_object(storage::login_kind, name, storage::Sealed{(*object)->bytes});
    ASSERT_TRUE(plain);
    kept = storage::decode_kept_login(*plain);
  });
  world_.run();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->username, user);
  EXPECT_EQ(kept->password, secret);
}

}  // namespace
}  // namespace titip::reads
