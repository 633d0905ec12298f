// The front over the store in memory and a scripted national server: every fault has its answer, and stores nothing.
#include "gateway/front/front.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/gateway/front/front_fixture.h"

namespace titip::front {
namespace {

TEST_F(FrontTest, custody_on_the_mount_and_under_v1) {
  const auto mount = answer(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  EXPECT_EQ(mount.status, 201);
  EXPECT_EQ(mount.route, "vaksin/simpan");
  EXPECT_EQ(json::parse(mount.body).at("metaData").at("code"), 201);
  const auto api = answer(request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan?x=1",
                                  R"({"nik":"2","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})"));
  EXPECT_EQ(api.status, 202);
  EXPECT_EQ(json::parse(api.body).at("receipt").at("state"), "queued");
  EXPECT_EQ(accepted(), 2U);
}

TEST_F(FrontTest, the_header_counts_in_any_case_and_the_key_replays) {
  const auto send = [&](std::string_view key) {
    return answer(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose),
                          {{"X-KDPPK", "0905R002"}, {"idempotency-KEY", std::string(key)}}));
  };
  const auto first = send("k1");
  const auto second = send("k1");
  EXPECT_EQ(header(first, "Idempotency-Replayed"), "");
  EXPECT_EQ(header(second, "Idempotency-Replayed"), "true");
  EXPECT_EQ(header(second, "Titip-Receipt"), header(first, "Titip-Receipt"));
  EXPECT_EQ(accepted(), 1U);
}

struct Fault {
  const char* name;
  std::string method;
  std::string path;  // below the mount
  std::string body;
  std::string facility;
  int status;
  const char* type;      // under /v1
  const char* has = "";  // what both answers must hold
};

const Fault faults[] = {
    {"malformed JSON", "POST", "/vaksin/simpan", "{\"nik\":", "0905R002", 400, "malformed-json", "byte"},
    {"a number nothing can hold", "POST", "/vaksin/simpan", "{\"nik\":1e999}", "0905R002", 400, "malformed-json"},
    {"no object", "POST", "/vaksin/simpan", "[]", "0905R002", 422, "invalid-submission", "JSON object"},
    {"fields missing", "POST", "/vaksin/simpan", R"({"nik":"1"})", "0905R002", 422, "invalid-submission", "/noTiket"},
    {"body too large", "POST", "/vaksin/simpan", std::string((256U << 10U) + 1, ' '), "0905R002", 413, "body-too-large",
     "262144"},
    {"unknown route", "POST", "/vaksin/hapus", std::string(dose), "0905R002", 404, "no-such-route"},
    {"path that climbs", "POST", "/vaksin/../vaksin/simpan", std::string(dose), "0905R002", 404, "no-such-route"},
    {"wrong method", "DELETE", "/vaksin/simpan", "", "0905R002", 405, "method-not-allowed"},
    {"wrong method of a read", "POST", "/tiket/nik/1", "", "0905R002", 405, "method-not-allowed"},
    {"no facility", "POST", "/vaksin/simpan", std::string(dose), "", 401, "unknown-facility", "x-kdppk"},
    {"unknown facility", "POST", "/vaksin/simpan", std::string(dose), "0905X999", 401, "unknown-facility", "x-kdppk"},
    {"a disabled facility", "POST", "/vaksin/simpan", std::string(dose), "0905R004", 401, "unknown-facility"},
    {"a disabled facility on a read", "GET", "/tiket/nik/1", "", "0905R004", 401, "unknown-facility"},
    {"a facility that is none", "POST", "/vaksin/simpan", std::string(dose), "../0905R002", 401, "unknown-facility"},
    {"unknown facility on a read", "GET", "/tiket/nik/1", "", "0905X999", 401, "unknown-facility"},
    {"not offered", "GET", "/referensi/alasan", "", "0905R002", 403, "route-refused"},
    {"a log-in too large", "POST", "/login", std::string(4097, ' '), "", 413, "body-too-large", "4096"},
};

TEST_F(FrontTest, every_fault_is_told_in_the_places_manner_and_stores_nothing) {
  for (const auto& fault : faults) {
    for (const bool on_mount : {true, false}) {
      const auto name = fmt::format("{} {}", fault.name, on_mount ? "on the mount" : "under /v1");
      const auto base = on_mount ? "/pcare-vaksin" : "/v1/destinations/pcare-vaksin";
      std::vector<http::Header> headers;
      if (!fault.facility.empty()) headers.push_back({"x-kdppk", fault.facility});
      const auto response = answer(request(fault.method, base + fault.path, fault.body, headers));
      EXPECT_EQ(response.status, fault.status) << name;
      EXPECT_TRUE(response.body.contains(fault.has)) << name << ": " << response.body;
      const auto document = json::parse(response.body, nullptr, false);
      ASSERT_TRUE(document.is_object()) << name << ": " << response.body;
      if (on_mount) {
        EXPECT_EQ(response.content_type, "application/json") << name;
        EXPECT_EQ(document.at("metaData").at("code"), fault.status) << name;
      } else {
        EXPECT_EQ(response.content_type, "application/problem+json") << name;
        EXPECT_EQ(document.at("type"), fmt::format("/problems/{}", fault.type)) << name;
        EXPECT_EQ(document.at("status"), fault.status) << name;
      }
      if (fault.status == 405) EXPECT_FALSE(header(response, "Allow").empty()) << name;
    }
  }
  EXPECT_EQ(accepted(), 0U);
  EXPECT_TRUE(world_.transport.seen.empty()) << "nothing of it may reach the national server";
}

TEST_F(FrontTest, the_stores_refusals_are_told_apart) {
  struct Row {
    storage::Error error;
    const char* type;
  };
  for (const auto& row : {Row{storage::Error::unavailable, "store-unavailable"},
                          Row{storage::Error::overloaded, "overloaded"}, Row{storage::Error::too_late, "too-late"}}) {
    world_.store.accept_error = row.error;
    const auto mount = answer(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
    EXPECT_EQ(mount.status, 503) << row.type;
    EXPECT_EQ(mount.content_type, "application/json") << row.type;
    EXPECT_EQ(json::parse(mount.body).at("metaData").at("code"), 503) << row.type;
    EXPECT_FALSE(header(mount, "Retry-After").empty()) << row.type;
    const auto api = answer(request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan", std::string(dose)));
    EXPECT_EQ(api.status, 503) << row.type;
    EXPECT_EQ(json::parse(api.body).at("type"), fmt::format("/problems/{}", row.type));
    EXPECT_FALSE(header(api, "Retry-After").empty()) << row.type;
  }
}

TEST_F(FrontTest, too_many_pending_are_told_in_the_places_manner) {
  world_.store.accept_error = storage::Error::over_quota;
  const auto mount = answer(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  EXPECT_EQ(mount.status, 429);
  EXPECT_EQ(json::parse(mount.body).at("metaData").at("code"), 429);
  EXPECT_FALSE(header(mount, "Retry-After").empty());
  const auto api = answer(request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan", std::string(dose)));
  EXPECT_EQ(api.status, 429);
  EXPECT_EQ(json::parse(api.body).at("type"), "/problems/too-many-pending");
  EXPECT_FALSE(header(api, "Retry-After").empty());
}

TEST_F(FrontTest, a_wrong_method_names_the_right_ones) {
  EXPECT_EQ(header(answer(request("GET", "/pcare-vaksin/vaksin/simpan")), "Allow"), "POST");
  EXPECT_EQ(header(answer(request("DELETE", "/pcare-vaksin/vaksin/ubah")), "Allow"), "PUT");
}

TEST_F(FrontTest, nowhere_says_what_there_is) {
  for (const auto* target : {"/", "/nothing", "/v1/nothing", "/pcare-vaksin", "/v1/destinations/other/x"}) {
    const auto response = answer(request("GET", target));
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_TRUE(response.body.contains("/pcare-vaksin")) << response.body;
  }
}

TEST_F(FrontTest, reads_are_passed_on_with_their_query) {
  const auto response = answer(request("GET", "/pcare-vaksin/tiket/nik/1?a=b"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.route, "tiket/nik");
  ASSERT_EQ(world_.transport.seen.size(), 1U);
  EXPECT_EQ(world_.transport.seen[0].target, "/tiket/nik/1?a=b");
  EXPECT_EQ(accepted(), 0U);
}

TEST_F(FrontTest, a_log_in_needs_no_facility) {
  world_.transport.server = [](const auto&) { return tests::national(200, 200, "OK", R"({"kdPpk":"0905R002"})"); };
  const auto response = answer(request("POST", "/pcare-vaksin/login", R"({"username":"a","password":"b"})", {}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.route, "login");
}

TEST_F(FrontTest, a_commit_in_doubt_closes_the_connection) {
  world_.store.accept_error = storage::Error::in_doubt;
  EXPECT_FALSE(ask(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose))));
  EXPECT_TRUE(abandoned_);
}

TEST_F(FrontTest, a_full_disk_is_told_with_when_to_come_again) {
  storage::Health health;
  health.disk_low = true;
  world_.store.health_now = health;
  const auto response = answer(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  EXPECT_EQ(response.status, 507);
  EXPECT_FALSE(header(response, "Retry-After").empty());
}

TEST_F(FrontTest, a_facility_sees_its_own_submission_and_no_other) {
  const auto taken = answer(request("POST", "/pcare-vaksin/vaksin/simpan", std::string(dose)));
  const auto place = header(taken, "Location");
  struct Row {
    const char* name;
    std::string method;
    std::string target;
    std::vector<http::Header> headers;
    int status;
  };
  const Row rows[] = {
      {"its own", "GET", place, {{"x-kdppk", "0905R002"}}, 200},
      {"its own, by HEAD", "HEAD", place, {{"x-kdppk", "0905R002"}}, 200},
      {"somebody else's", "GET", place, {{"x-kdppk", "0905R003"}}, 404},
      {"nobody asks", "GET", place, {}, 401},
      {"an unknown facility asks", "GET", place, {{"x-kdppk", "0905X999"}}, 401},
      {"a disabled facility asks", "GET", place, {{"x-kdppk", "0905R004"}}, 401},
      {"one that never was", "GET", "/v1/submissions/01FD8Z6J5S0123456789ABCDEF", {{"x-kdppk", "0905R002"}}, 404},
      {"no id", "GET", "/v1/submissions/1234", {{"x-kdppk", "0905R002"}}, 404},
      {"nothing", "GET", "/v1/submissions/", {{"x-kdppk", "0905R002"}}, 404},
      {"not to be deleted", "DELETE", place, {{"x-kdppk", "0905R002"}}, 405},
  };
  for (const auto& row : rows) {
    const auto response = answer(request(row.method, row.target, "", row.headers));
    EXPECT_EQ(response.status, row.status) << row.name;
    EXPECT_EQ(response.route, "submission") << row.name;
    if (row.status != 200) EXPECT_EQ(response.content_type, "application/problem+json") << row.name;
  }
  world_.store.load_error = storage::Error::unavailable;
  EXPECT_EQ(answer(request("GET", place)).status, 503);
}

TEST_F(FrontTest, health) {
  EXPECT_EQ(answer(request("GET", "/livez")).status, 200);
  EXPECT_EQ(answer(request("GET", "/readyz")).status, 200);
  EXPECT_EQ(answer(request("GET", "/v1/status")).body, R"({"sentence":{}})");
  alive_ = false;
  why_not_ready_ = words::text("The gateway is stopping.");
  EXPECT_EQ(answer(request("GET", "/livez")).status, 503);
  const auto ready = answer(request("HEAD", "/readyz"));
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(json::parse(ready.body).at("title"), "The gateway is stopping.");
  for (const auto* target : {"/livez", "/readyz", "/v1/status"}) {
    const auto response = answer(request("POST", target));
    EXPECT_EQ(response.status, 405) << target;
    EXPECT_EQ(header(response, "Allow"), "GET, HEAD") << target;
  }
}

}  // namespace
}  // namespace titip::front
