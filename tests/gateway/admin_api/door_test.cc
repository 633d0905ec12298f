// Who is let in, what each role may, and that what comes over HTTP is what comes over the control socket.
#include "gateway/admin_api/door.h"

#include <fmt/format.h>

#include <atomic>

#include "tests/gateway/admin_api/api_fixture.h"

namespace titip::admin_api {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

using DoorTest = ApiFixture;

// A body that each route understands; the record, the facility and so on need not be there.
json body_for(const Route& route) {
  const std::string path = route.path;
  if (std::string(route.method) == "GET") return nullptr;
  json body{{"reason", "a test"}};
  if (path.ends_with("/search")) body = {{"nik", "9901011501900001"}};
  if (path.ends_with("/edit")) body["edits"] = {{{"pointer", "/nama"}, {"value", "A"}}};
  if (path.ends_with("/v1/bulk")) body.update({{"action", "cancel"}, {"filter", {{"facility", "X"}}}, {"at_most", 5}});
  if (path.ends_with("/approve")) body["digest"] = std::string(32, '0');
  if (path.contains("/gates/")) body["destination"] = "elsewhere";
  if (path.ends_with("/facilities")) body["facility"] = {{"code", "Q1"}};
  if (path.ends_with("/import")) body["facilities"] = {{{"code", "Q2"}}};
  if (path.ends_with("/rotate")) body["done"] = true;
  if (path.ends_with("/erasures")) body["niks"] = {"9901011501900009"};
  if (path.ends_with("/tokens")) body.update({{"name", "new"}, {"role", "viewer"}});
  return body;
}
std::string target_of(const Route& route) {
  std::string path = route.path;
  if (const auto open = path.find('{'); open != std::string::npos)
    path.replace(open, path.find('}') - open + 1, "none-such");
  return path;
}

// What each role may, written down beside the code that decides it.
std::string least_role_of(const Route& route) {
  const std::string path = route.path;
  const std::string method = route.method;
  const auto ends = [&path](const char* end) { return path.ends_with(end); };
  if (path.contains("/tokens") || path.contains("/erasures") || path.contains("{id}/edit")) return "admin";
  if (path.contains("/facilities")) return method == "GET" ? "viewer" : "admin";
  if (ends("/audit/verification")) return "operator";  // long work
  return method == "GET" || ends("/search") ? "viewer" : "operator";
}

TEST_F(DoorTest, every_route_for_every_role) {
  const std::vector<std::string> roles{"viewer", "operator", "admin"};
  std::size_t cells = 0;
  for (const auto& route : routes()) {
    const auto needed = std::ranges::find(roles, least_role_of(route)) - roles.begin();
    for (std::ptrdiff_t has = 0; has < std::ssize(roles); ++has, ++cells) {
      const auto& role = roles[static_cast<std::size_t>(has)];
      const auto what = fmt::format("{} {} as {}", route.method, route.path, role);
      const auto lines = audited().size();
      const auto response = as(role, route.method, target_of(route), body_for(route));
      EXPECT_NE(response.status, 401) << what;
      EXPECT_NE(response.status, 400) << what << response.body;
      EXPECT_EQ(response.status == 403, has < needed) << what << response.body;
      if (has < needed) EXPECT_EQ(audited().size(), lines) << what << ": whoever may not leaves nothing behind";
      EXPECT_EQ(response.route, route.path);
    }
    for (const auto& nobody : {std::string(), std::string("titip_0"), secrets_.at("admin") + "0"})
      EXPECT_GE(call(route.method, target_of(route), nobody, body_for(route)).status, 401) << route.path;
  }
  EXPECT_EQ(cells, routes().size() * 3);
}

TEST_F(DoorTest, whoever_has_no_valid_token_hears_the_same) {
  const auto old = made("old", "admin", 1h);
  const auto gone = made("gone", "admin");
  reread();
  EXPECT_EQ(call("GET", "/admin/v1/status", old).status, 200);
  clock_.advance(1h);
  EXPECT_EQ(call("POST", "/admin/v1/tokens/gone/revoke", secrets_["admin"], {{"reason", "left"}}).status, 200);
  const auto nobody = call("GET", "/admin/v1/status", "");
  EXPECT_EQ(nobody.status, 401);
  EXPECT_TRUE(header(nobody, "WWW-Authenticate").starts_with("Bearer"));
  EXPECT_EQ(header(nobody, "Cache-Control"), "no-store");
  auto almost = secrets_["admin"];
  almost.back() = almost.back() == '0' ? '1' : '0';
  for (const auto& secret : {old, gone, almost, std::string("x"), std::string(1'000, 'a')})
    for (const auto* where : {"/admin/v1/status", "/admin/v1/tokens", "/nowhere"}) {
      const auto response = call("GET", where, secret, nullptr, fmt::format("10.0.0.{}", secret.size() % 250));
      EXPECT_EQ(response.body, nobody.body) << secret << where;
      EXPECT_EQ(response.status, 401);
    }
}

TEST_F(DoorTest, guesses_are_slowed_by_address_and_nobody_is_locked_out) {
  for (int guess = 0; guess < 10; ++guess) EXPECT_EQ(call("GET", "/admin/v1/status", "x").status, 401);
  const auto slowed = call("GET", "/admin/v1/status", "x");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(header(slowed, "Retry-After"), "60");
  EXPECT_TRUE(slowed.close);
  EXPECT_EQ(as("viewer", "GET", "/admin/v1/status").status, 200) << "from the same address, with a token";
  EXPECT_EQ(call("GET", "/admin/v1/status", "x", nullptr, "10.0.0.1").status, 401) << "another address";
  clock_.advance(60s);
  EXPECT_EQ(call("GET", "/admin/v1/status", "x").status, 401);
}

TEST_F(DoorTest, another_address_of_the_same_household_is_no_other_guesser) {
  const auto guess = [this](const std::string& from) {
    return call("GET", "/admin/v1/status", "x", nullptr, from).status;
  };
  for (int each = 0; each < 10; ++each) EXPECT_EQ(guess(fmt::format("2001:db8::{}", each)), 401);
  EXPECT_EQ(guess("2001:db8::ffff"), 429);
  EXPECT_EQ(guess("2001:db8:0:1::1"), 401);
}

TEST_F(DoorTest, the_name_of_the_token_stands_in_the_audit_log) {
  const auto record = put({});
  const auto held = as("operator", "POST", "/admin/v1/submissions/" + record.id.text() + "/hold", {{"reason", "wait"}});
  EXPECT_EQ(held.status, 200) << held.body;
  EXPECT_EQ(body_of(held)["result"]["was"], "queued");
  EXPECT_EQ(load(record.id).state, storage::State::held);
  const auto lines = audited();
  ASSERT_EQ(lines.size(), 2U);
  for (const auto& line : lines) EXPECT_EQ(json::parse(line).at("by"), "token:operator");
  EXPECT_EQ(json::parse(lines[0]).at("reason"), "wait");
  const auto listed = body_of(as("viewer", "GET", "/admin/v1/audit?limit=1"));
  EXPECT_EQ(listed["result"]["items"][0]["phase"], "ended");
  EXPECT_EQ(listed["result"]["next"], "2");
  const auto rest = body_of(as("viewer", "GET", "/admin/v1/audit?after=2"));
  EXPECT_EQ(rest["result"]["items"].size(), 1U);
  EXPECT_EQ(rest["result"]["items"][0]["reason"], "wait");
}

TEST_F(DoorTest, what_the_command_line_refuses_is_refused) {
  const auto record = put({}).id.text();
  const auto refused = [&](const std::string& target, const json& body, const std::string& word) {
    const auto response = as("admin", "POST", target, body);
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_NE(response.body.find(word), std::string::npos) << response.body;
  };
  const auto hold = "/admin/v1/submissions/" + record + "/hold";
  refused(hold, nullptr, "--reason");
  refused(hold, {{"reason", "asked by 9901011501900001"}}, "must name nobody");
  refused(hold, {{"reason", "a"}, {"command", "export"}}, "not known");
  refused(hold, {{"reason", "a"}, {"queue", {{"id", "x"}}}}, "not known");
  refused(hold, "[]", "JSON object");
  refused(hold, R"({"reason":"a","reason":"b"})", "once");
  refused(hold, {{"reason", 7}}, "wrong kind");
  refused("/admin/v1/bulk", {{"action", "export"}, {"filter", {{"facility", "A"}}}, {"dry_run", true}}, "action");
  refused("/admin/v1/bulk", {{"action", "status"}, {"filter", json::object()}}, "");
  refused("/admin/v1/bulk", {{"filter", {{"facility", "A"}}}, {"reason", "a"}}, "action");
  refused("/admin/v1/bulk", {{"action", "hold"}, {"filter", json::object()}, {"reason", "a"}, {"at_most", 1}}, "which");
  refused("/admin/v1/bulk", {{"action", "hold"}, {"filter", {{"id", record}}}, {"reason", "a"}, {"at_most", 1}},
          "filter");
  EXPECT_EQ(as("viewer", "GET", "/admin/v1/submissions?nik=9901011501900001").status, 400);
  EXPECT_EQ(as("viewer", "GET", "/admin/v1/submissions?limit=x").status, 400);
  EXPECT_EQ(as("viewer", "GET", "/admin/v1/submissions?day=%zz").status, 400);
  EXPECT_EQ(as("viewer", "GET", "/admin/v1/submissions?older_than_s=1&before_ms=2").status, 400);
  EXPECT_TRUE(audited().empty());
}

TEST_F(DoorTest, lists_by_filter_and_by_person_and_shows_one) {
  const auto first = rejected({});
  clock_.advance(2h);
  const auto second = put({.facility = "P0002",
                           .person = "9901011501900002",
                           .body = R"({"nik":"9901011501900002"})",
                           .at = clock_.wall()});
  const auto ids = [&](const http::Response& response) {
    std::vector<std::string> found;
    for (const auto& each : body_of(response)["result"]["items"]) found.push_back(each["id"]);
    return found;
  };
  const std::vector<std::string> only_first{first.id.text()};
  const std::vector<std::string> only_second{second.id.text()};
  for (const auto* query : {"state=rejected", "rule=precondition", "facility=P0001", "older_than_s=3600", "limit=1"})
    EXPECT_EQ(ids(as("viewer", "GET", std::string("/admin/v1/submissions?") + query)), only_first) << query;
  for (const auto* query : {"state=queued%2Cheld", "newer_than_s=3600"})
    EXPECT_EQ(ids(as("viewer", "GET", std::string("/admin/v1/submissions?") + query)), only_second) << query;
  EXPECT_EQ(ids(as("viewer", "GET", "/admin/v1/attention")), only_first);
  const auto of_person = as("viewer", "POST", "/admin/v1/submissions/search", {{"nik", "9901011501900002"}});
  EXPECT_EQ(ids(of_person), only_second);
  EXPECT_EQ(body_of(of_person)["result"]["items"][0]["person"], "************0002");
  EXPECT_EQ(audited().size(), 2U) << "a search by a person's number is in the log";
  const auto shown = body_of(as("viewer", "GET", "/admin/v1/submissions/" + first.receipt));
  EXPECT_EQ(shown["result"]["id"], first.id.text());
  EXPECT_EQ(shown["result"]["attempts"], 1);
  EXPECT_EQ(as("viewer", "GET", "/admin/v1/submissions/none").status, 404);
  const auto again =
      as("operator", "POST", "/admin/v1/submissions/" + second.id.text() + "/requeue", {{"reason", "a"}});
  EXPECT_EQ(again.status, 409) << again.body;
  EXPECT_TRUE(body_of(again)["result"].contains("refused"));
}

TEST_F(DoorTest, a_bulk_action_is_on_no_more_than_somebody_has_seen) {
  for (int number = 0; number < 3; ++number) put({.person = fmt::format("990101150190000{}", number)});
  clock_.advance(1s);  // what a job makes is not its own work: it is on what was there before
  const json filter{{"facility", "P0001"}};
  const auto seen =
      as("operator", "POST", "/admin/v1/bulk", {{"action", "cancel"}, {"filter", filter}, {"dry_run", true}});
  EXPECT_EQ(seen.status, 200) << seen.body;
  EXPECT_EQ(body_of(seen)["result"]["count"], 3);
  json order{{"action", "cancel"}, {"filter", filter}, {"reason", "asked for"}};
  EXPECT_EQ(as("operator", "POST", "/admin/v1/bulk", order).status, 400) << "nobody says how many were seen";
  order["at_most"] = 2;
  const auto more = as("operator", "POST", "/admin/v1/bulk", order);
  EXPECT_EQ(more.status, 409) << more.body;
  EXPECT_EQ(body_of(more)["result"]["count"], 3);
  EXPECT_TRUE(audited().empty());
  EXPECT_EQ(store_->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(storage::State::queued)], 3U);
  order["at_most"] = 3;
  const auto done = as("operator", "POST", "/admin/v1/bulk", order);
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(store_->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(storage::State::cancelled)],
            3U);
  const auto status = body_of(as("viewer", "GET", "/admin/v1/bulk"));
  EXPECT_EQ(status["result"]["done"], 3) << status;
}

TEST_F(DoorTest, what_takes_long_is_answered_before_it_has_ended) {
  put({});
  std::shared_ptr<admin::Caller> waiting;
  std::optional<admin::Request> asked;
  make_door([&](admin::Request request, std::shared_ptr<admin::Caller> caller) {
    if (request.dry_run) return desk_->take(std::move(request), std::move(caller));
    asked = std::move(request);
    waiting = std::move(caller);
  });
  std::optional<http::Response> answer;
  http::Request request;
  request.method = "POST";
  request.target = "/admin/v1/bulk";
  request.headers = {{"Authorization", "Bearer " + secrets_["operator"]}};
  request.body = R"({"action":"cancel","filter":{"facility":"P0001"},"reason":"a","at_most":1})";
  door_->handle(std::move(request), http::Responder([&](http::Response given) { answer = std::move(given); }, nullptr));
  while (!waiting) run_one();
  EXPECT_EQ(waiting->who(), "token:operator");
  EXPECT_EQ(asked->command, admin::Command::cancel);
  EXPECT_FALSE(answer);
  clock_.advance(2s);
  while (timers_.run_due()) {
  }
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(header(*answer, "Location"), "/admin/v1/bulk");
  answer.reset();
  waiting->tell(admin::Ended{{}, false, words::verbatim("Done."), "{}"});
  run_one();
  EXPECT_FALSE(answer) << "nobody is answered twice";
}

TEST_F(DoorTest, tokens_are_made_listed_and_revoked) {
  const json wanted{{"name", "night"}, {"role", "operator"}, {"days", 1}, {"reason", "night shift"}};
  const auto made = as("admin", "POST", "/admin/v1/tokens", wanted);
  ASSERT_EQ(made.status, 200) << made.body;
  const auto secret = body_of(made)["result"]["token"].get<std::string>();
  EXPECT_EQ(call("GET", "/admin/v1/status", secret).status, 200);
  EXPECT_EQ(call("GET", "/admin/v1/tokens", secret).status, 403);
  for (const auto& line : audited()) EXPECT_EQ(line.find(secret), std::string::npos);
  const auto listed = as("admin", "GET", "/admin/v1/tokens");
  EXPECT_EQ(body_of(listed)["result"]["items"].size(), 4U);
  EXPECT_EQ(listed.body.find(admin::token_hash(secret)), std::string::npos);
  EXPECT_EQ(as("admin", "POST", "/admin/v1/tokens", wanted).status, 500) << "the name is taken";
  EXPECT_EQ(as("admin", "POST", "/admin/v1/tokens/night/revoke", {{"reason", "over"}}).status, 200);
  EXPECT_EQ(call("GET", "/admin/v1/status", secret).status, 401);
  EXPECT_EQ(as("admin", "POST", "/admin/v1/tokens/night/revoke", {{"reason", "over"}}).status, 404);
}

}  // namespace
}  // namespace titip::admin_api
