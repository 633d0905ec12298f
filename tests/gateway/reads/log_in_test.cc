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
constexpr auto clinic = "198.51.100.1";
constexpr auto elsewhere = "203.0.113.7";

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
  ReadAnswer take_body(const std::string& text, bool with_workers = true, const std::string& site = clinic) {
    std::optional<ReadAnswer> answer;
    log_in_.take({"application/json", text, site}, [&](ReadAnswer given) { answer = std::move(given); });
    world_.run(with_workers);
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(ReadAnswer{});
  }
  ReadAnswer take(std::string_view name, std::string_view password, const std::string& site = clinic) {
    return take_body(body(name, password), true, site);
  }
  int code(const ReadAnswer& answer) {
    const auto document = json::parse(answer.body, nullptr, false);
    return document.is_object() ? document.at("metaData").at("code").get<int>() : 0;
  }
  bool counted(std::string_view line) { return world_.registry.expose().contains(line); }

  tests::ReadsWorld world_;
  std::string password_ = secret;
  LogInOptions options_{.maximum_age = 24h, .waiting = 4};
  LogIn log_in_{options_, world_.log_in_doors({.tries = 3, .tries_elsewhere = 7})};
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
  const auto refused = take("stranger", "guess");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers, (decltype(refused.headers){{"Retry-After", "20"}}));
  EXPECT_EQ(take("somebody else", "guess").status, 503) << "each user for himself";
  world_.clock.advance(61s);
  EXPECT_EQ(take("stranger", "guess").status, 503);
  EXPECT_TRUE(counted("titip_auth_failures_total{reason=\"throttled\"} 1"));
}

// The right user is at the clinic; whoever guesses is elsewhere.
TEST_F(LogInTest, who_guesses_shuts_nobody_out_who_is_elsewhere) {
  EXPECT_EQ(take(user, secret).status, 200);
  world_.server_goes_down();
  for (int tries = 0; tries < 12; ++tries) take(user, "guess", elsewhere);
  EXPECT_EQ(take(user, secret, elsewhere).status, 429);
  EXPECT_EQ(take(user, secret, "198.51.100.2").status, 200) << "where the user never was";
  int looked_at = 0;
  for (int number = 0; number < 30; ++number)
    looked_at += take(user, "guess", "192.0.2." + std::to_string(number)).status == 401 ? 1 : 0;
  EXPECT_EQ(looked_at, 7 - 3 - 1) << "from all such addresses together";
  EXPECT_EQ(take(user, secret, "192.0.2.99").status, 429);
  EXPECT_EQ(take(user, secret).status, 200) << "where the user was let in";
}

// However many others there are: what is remembered of one is not forgotten for them.
TEST_F(LogInTest, many_users_make_nobodys_tries_forgotten) {
  world_.server_goes_down();
  for (int tries = 0; tries < 4; ++tries) take(user, "guess");
  for (int other = 0; other < 10'100; ++other) take("user " + std::to_string(other), "guess");
  EXPECT_EQ(take(user, "guess").status, 429);
}

TEST_F(LogInTest, who_finds_no_place_at_the_server_is_checked_as_in_an_outage) {
  take(user, secret);
  world_.transport.server = nullptr;  // it hangs
  std::vector<int> hanging;
  for (std::size_t at = 0; at < tests::ReadsWorld::log_ins_at_once; ++at)
    log_in_.take({"application/json", body("somebody", "x"), elsewhere},
                 [&](const ReadAnswer& answer) { hanging.push_back(answer.status); });
  world_.run();
  const auto asked = world_.transport.seen.size();
  EXPECT_EQ(take(user, secret).status, 200);
  EXPECT_EQ(take(user, "wrong").status, 401);
  const auto answer = take("a stranger", secret);
  EXPECT_EQ(answer.status, 429) << "nobody says that the server is not there";
  EXPECT_EQ(answer.headers, (decltype(answer.headers){{"Retry-After", "2"}}));
  EXPECT_TRUE(answer.both && answer.both->english.contains("Too many people")) << answer.body;
  EXPECT_TRUE(counted("titip_auth_failures_total{reason=\"crowded\"} 1"));
  EXPECT_EQ(world_.transport.seen.size(), asked);
  EXPECT_TRUE(hanging.empty());
}

TEST_F(LogInTest, more_checks_than_the_workers_take_are_told_to_wait) {
  take(user, secret);
  world_.server_goes_down();
  int waiting = 0;
  int throttled = 0;
  LogIn busy({.maximum_age = 24h, .waiting = 2}, world_.log_in_doors({.tries = 1000}));
  for (int i = 0; i < 4; ++i) {
    busy.take({"application/json", body(user, "wrong"), clinic},
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
