// What /v1 answers about records: to whom, in which manner, page by page.
#include "gateway/front/native.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "gateway/csv.h"
#include "gateway/front/attention_views.h"
#include "tests/gateway/front/native_world.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using storage::Event;
using tests::NativeWorld;

const std::vector<http::Header> nobody;

class NativeTest : public testing::Test, public NativeWorld {
 protected:
  storage::Submission rejected(std::string destination = "pcare-vaksin", std::string facility = "0905R002",
                               std::chrono::seconds later = 0s) {
    return records.settle(
        records.put(
            {.destination = std::move(destination), .facility = std::move(facility), .at = tests::morning + later}),
        Event::rejected, "tglLahir tidak valid");
  }
};

TEST_F(NativeTest, who_may_see_what) {
  const auto vaksin = rejected();
  const auto rest = rejected("signed");
  const auto strangers = tests::clinic_headers("1629075600", {"10002", "another clinic's secret"});
  const auto forged = tests::clinic_headers("1629075600", {tests::clinic.id, "guessed"});
  struct Row {
    const char* name;
    std::vector<http::Header> headers;
    int status;
    std::vector<std::string> sees;
  };
  auto both = signed_now();
  both.push_back({"x-kdppk", "0905R002"});
  auto foreign = signed_now();
  foreign.push_back({"x-kdppk", "0905R003"});
  const Row rows[] = {
      {"named by a header", named(), 200, {vaksin.id.text()}},
      {"signed", signed_now(), 200, {rest.id.text()}},
      {"both", both, 200, {vaksin.id.text(), rest.id.text()}},
      {"another facility, named", named("0905R003"), 200, {}},
      {"another facility, signed", strangers, 200, {}},
      {"signed for one, named for another", foreign, 200, {}},
      {"wrongly signed", forged, 401, {}},
      {"nobody", {}, 401, {}},
  };
  for (const auto& row : rows) {
    for (const auto* place : {"/v1/submissions", "/v1/attention"}) {
      const auto response = get(place, row.headers);
      ASSERT_EQ(response.status, row.status) << row.name << place << response.body;
      if (row.status != 200) continue;
      std::set<std::string> seen;
      for (const auto& item : json::parse(response.body).at("items")) seen.insert(item.at("id"));
      EXPECT_EQ(seen, std::set<std::string>(row.sees.begin(), row.sees.end())) << row.name << place;
    }
    for (const auto& each : {vaksin, rest}) {
      const bool sees = std::ranges::count(row.sees, each.id.text()) > 0;
      EXPECT_EQ(get("/v1/submissions/" + each.id.text(), row.headers).status, sees                ? 200
                                                                              : row.status == 401 ? 401
                                                                                                  : 404)
          << row.name;
      EXPECT_EQ(get("/v1/receipts/" + each.receipt, row.headers).status, 200) << row.name << ": the code is enough";
    }
  }
}

TEST_F(NativeTest, a_receipt_from_the_acknowledgement_on) {
  const auto taken = ask("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan", named(),
                         R"({"nik":"3300000000000001","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})");
  ASSERT_EQ(taken.status, 202) << taken.body;
  const auto code = header(taken, "Titip-Receipt");
  EXPECT_EQ(code.size(), 26U);
  EXPECT_EQ(json::parse(taken.body).at("receipt").at("code"), code);
  const auto response = get("/v1/receipts/" + code, nobody);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.route, "receipt");
  EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(json::parse(response.body).at("state"), "queued");
  EXPECT_FALSE(response.body.contains("3300000000000001"));
  const auto absent = get("/v1/receipts/0123456789ABC", nobody);
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(json::parse(absent.body).at("type"), "/problems/no-such-receipt");
  EXPECT_TRUE(absent.body.contains("/v1/submissions?receipt="));
}

TEST_F(NativeTest, pages_are_linked_and_keep_the_question) {
  for (int i = 0; i < 5; ++i) rejected("pcare-vaksin", "0905R002", std::chrono::seconds(i));
  for (const std::string place : {"/v1/submissions?state=rejected&limit=2", "/v1/attention?format=csv&limit=2",
                                  "/v1/attention?limit=2&format=html", "/v1/attention?limit=2"}) {
    std::size_t pages = 0;
    std::set<std::string> bodies;
    for (std::string next = place; !next.empty() && pages < 9; ++pages) {
      const auto response = get(next);
      ASSERT_EQ(response.status, 200) << next << response.body;
      bodies.insert(response.body);
      const auto link = header(response, "Link");
      if (!link.empty()) {
        ASSERT_TRUE(link.starts_with("<" + place) && link.ends_with(">; rel=\"next\"")) << link;
      }
      next = link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    EXPECT_EQ(pages, 3U) << place;
    EXPECT_EQ(bodies.size(), 3U) << place;
  }
}

TEST_F(NativeTest, attention_in_three_manners) {
  rejected();
  struct Row {
    const char* query;
    const char* accept;
    const char* content_type;
    const char* has;
  };
  const Row rows[] = {
      {"", "", "application/json", "\"server_words\": \"tglLahir tidak valid\""},
      {"", "text/csv", "text/csv; charset=utf-8; header=present", "tglLahir tidak valid"},
      {"?format=csv", "text/html", "text/csv; charset=utf-8; header=present", "tglLahir tidak valid"},
      {"?format=html", "", "text/html; charset=utf-8", "<dd>tglLahir tidak valid</dd>"},
      {"", "text/html,*/*;q=0.8", "text/html; charset=utf-8", "<dd>3300000000000001</dd>"},
  };
  for (const auto& row : rows) {
    auto headers = named();
    if (*row.accept != '\0') headers.push_back({"Accept", row.accept});
    const auto response = get(std::string("/v1/attention") + row.query, headers);
    EXPECT_EQ(response.status, 200) << row.query << row.accept;
    EXPECT_EQ(response.content_type, row.content_type) << row.query << row.accept;
    EXPECT_TRUE(response.body.contains(row.has)) << response.body;
    EXPECT_FALSE(response.body.contains("the clinic's password")) << "its credentials are nobody's to read";
    EXPECT_EQ(header(response, "Cache-Control"), "no-store");
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(response, "Vary"), "Accept");
    const bool is_page = response.content_type.starts_with("text/html");
    EXPECT_EQ(header(response, "Content-Security-Policy").empty(), !is_page);
    if (is_page) {
      EXPECT_EQ(header(response, "Content-Security-Policy"), page_policy());
    }
  }
}

TEST_F(NativeTest, faults) {
  const auto record = rejected();
  struct Row {
    const char* method;
    std::string target;
    int status;
    const char* type;
    const char* has;
  };
  const Row rows[] = {
      {"GET", "/v1/submissions?state=lost", 400, "invalid-query", "state"},
      {"GET", "/v1/submissions?limit=201", 400, "invalid-query", "200"},
      {"GET", "/v1/submissions?facility=0905R003", 400, "invalid-query", "facility"},
      {"GET", "/v1/submissions?cursor=ABC", 400, "invalid-query", "cursor"},
      {"GET", "/v1/attention?cursor=ABC", 400, "invalid-query", "cursor"},
      {"GET", "/v1/attention?state=held", 400, "invalid-query", "state"},
      {"GET", "/v1/attention?format=pdf", 406, "not-acceptable", "text/csv"},
      {"GET", "/v1/submissions/1234", 404, "no-such-submission", "26"},
      {"POST", "/v1/submissions", 405, "method-not-allowed", "GET"},
      {"DELETE", "/v1/attention", 405, "method-not-allowed", "GET"},
      {"PUT", "/v1/receipts/" + record.receipt, 405, "method-not-allowed", "GET"},
      {"POST", "/openapi.json", 405, "method-not-allowed", "GET"},
  };
  for (const auto& row : rows) {
    const auto response = ask(row.method, row.target, named());
    EXPECT_EQ(response.status, row.status) << row.target;
    EXPECT_EQ(response.content_type, "application/problem+json") << row.target;
    EXPECT_EQ(json::parse(response.body).at("type"), std::string("/problems/") + row.type) << row.target;
    EXPECT_TRUE(response.body.contains(row.has)) << row.target << response.body;
  }
  world.store.load_error = storage::Error::unavailable;
  for (const auto& target :
       {std::string("/v1/attention"), "/v1/submissions/" + record.id.text(), "/v1/receipts/" + record.receipt}) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 503) << target;
    EXPECT_FALSE(header(response, "Retry-After").empty()) << target;
  }
}

TEST_F(NativeTest, head_is_a_get) {
  const auto record = rejected();
  for (const auto& target : {std::string("/v1/attention"), std::string("/v1/submissions"),
                             "/v1/receipts/" + record.receipt, std::string("/openapi.json")})
    EXPECT_EQ(ask("HEAD", target, named()).status, 200) << target;
}

}  // namespace
}  // namespace titip::front
