#include "gateway/delivery/outbound.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/fakes.h"
#include "tests/gateway/signing.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::delivery {
namespace {

using tests::pcare_vaksin;

struct Case {
  std::string route = "vaksin/simpan";
  std::string body = R"({"nik":"1","noTiket":"A-1","dosis":1,"tglVaksin":"2021-08-16"})";
  std::string today = "2021-08-16";
  std::string reason = "02";
  std::string content_type = "text/plain";
};

storage::Submission record_of(const Case& given) {
  storage::Submission record;
  record.id = *storage::SubmissionId::parse("01FD8Z6J5S0123456789ABCDEF");
  record.facility = "0905R002";
  record.route = given.route;
  return record;
}

template <class Build>
auto with(const Case& given, Build build) {
  const auto& route = *profile::find_route(pcare_vaksin(), given.route);
  const auto record = record_of(given);
  const storage::Payload payload{route.method, route.path, given.content_type, given.body, {}};
  storage::Facility facility;
  facility.code = "0905R002";
  facility.late_entry_reason = given.reason;
  return build(OutboundInput{pcare_vaksin(), route, record, payload, facility, given.today});
}
auto built(const Case& given) {
  return with(given, [](const OutboundInput& input) { return build_outbound(input); });
}

TEST(Outbound, carries_the_stored_bytes_and_says_who_sends_them) {
  Case given;
  given.body = " {\"nik\" : \"1\",\"noTiket\":\"A-1\",\"dosis\":1,\"tglVaksin\":\"2021-08-16\"}\r\n";
  const auto outbound = built(given);
  ASSERT_TRUE(outbound);
  const auto& request = outbound->request;
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/vaksin/simpan");
  EXPECT_EQ(request.body, given.body);
  EXPECT_EQ(tests::header(request, "x-kdppk"), "0905R002");
  EXPECT_EQ(tests::header(request, "Content-Type"), "text/plain");
  EXPECT_EQ(tests::header(request, "Idempotency-Key"), "\"01FD8Z6J5S0123456789ABCDEF\"");
  EXPECT_TRUE(outbound->patched.empty());
}

TEST(Outbound, no_content_type_stays_none) {
  Case given;
  given.content_type = "";
  const auto outbound = built(given);
  ASSERT_TRUE(outbound);
  for (const auto& [name, value] : outbound->request.headers) EXPECT_NE(name, "Content-Type");
}

TEST(Outbound, a_late_entry_gets_its_reason_where_it_has_none) {
  struct Row {
    const char* name;
    Case given;
    std::optional<std::string> expected;  // the body; none: as it was
  };
  const auto dose = [](const char* date, const char* more) {
    return std::string(R"({"nik":"1","noTiket":"A-1","dosis":1,"tglVaksin":")") + date + "\"" + more + "}";
  };
  const Row rows[] = {
      {"of today", {.body = dose("2021-08-16", "")}, {}},
      {"of today, reason empty", {.body = dose("2021-08-16", R"(,"alasan":"")")}, {}},
      {"of yesterday", {.body = dose("2021-08-15", "")}, R"({"alasan":"02",)" + dose("2021-08-15", "").substr(1)},
      {"of yesterday, reason empty",
       {.body = dose("2021-08-15", R"(,"alasan":"")")},
       dose("2021-08-15", R"(,"alasan":"02")")},
      {"of yesterday, reason null",
       {.body = dose("2021-08-15", R"(,"alasan":null)")},
       dose("2021-08-15", R"(,"alasan":"02")")},
      {"of yesterday, with the clinic's own reason", {.body = dose("2021-08-15", R"(,"alasan":"09")")}, {}},
      {"of yesterday, reason a number", {.body = dose("2021-08-15", R"(,"alasan":9)")}, {}},
      {"of tomorrow", {.body = dose("2021-08-17", "")}, R"({"alasan":"02",)" + dose("2021-08-17", "").substr(1)},
      {"a change of yesterday's has no rule", {.route = "vaksin/ubah", .body = dose("2021-08-15", "")}, {}},
      {"a route without a date", {.route = "sasaran/simpan", .body = dose("2021-08-15", "")}, {}},
      {"of today, without a configured reason", {.body = dose("2021-08-16", ""), .reason = ""}, {}},
      {"the clinic's reason needs no configured one",
       {.body = dose("2021-08-15", R"(,"alasan":"09")"), .reason = ""},
       {}},
  };
  for (const auto& row : rows) {
    const auto outbound = built(row.given);
    ASSERT_TRUE(outbound) << row.name;
    EXPECT_EQ(outbound->request.body, row.expected.value_or(row.given.body)) << row.name;
    EXPECT_EQ(outbound->patched, row.expected ? std::vector<std::string>{"/alasan"} : std::vector<std::string>{})
        << row.name;
  }
}

TEST(Outbound, a_late_entry_without_a_reason_waits_for_a_person) {
  Case given;
  given.body = R"({"nik":"1","noTiket":"A-1","dosis":1,"tglVaksin":"2021-08-15"})";
  given.reason = "";
  const auto outbound = built(given);
  ASSERT_FALSE(outbound);
  EXPECT_EQ(outbound.error(), Hindrance::no_late_entry_reason);
}

TEST(Outbound, a_body_that_is_no_json_waits_for_a_person) {
  Case given;
  given.body = "{";
  const auto outbound = built(given);
  ASSERT_FALSE(outbound);
  EXPECT_EQ(outbound.error(), Hindrance::unreadable);
}

TEST(Sign, is_of_the_moment_and_of_the_facilitys_secret) {
  const auto profile = tests::signing_profile();
  const scheme::Credentials credentials{"key-1", tests::clinic_authorization};
  client::OutboundRequest request;
  request.headers = {{"Accept", "application/json"}};
  sign(request, profile, tests::signing_facility(), credentials, tests::morning + std::chrono::milliseconds(999));
  EXPECT_TRUE(tests::is_signed(request, tests::clinic, tests::morning));
  EXPECT_EQ(tests::header(request, "Accept"), "application/json");
  EXPECT_EQ(tests::header(request, "user_key"), "key-1");
  EXPECT_EQ(tests::header(request, "X-authorization"), tests::clinic_authorization);

  auto exchange = tests::sealed(profile, request, tests::clinic, tests::national(201, 201, "CREATED", R"({"a":1})"));
  auto& reply = std::get<rules::Reply>(exchange);
  EXPECT_FALSE(reply.body.contains(R"({"a":1})"));
  request.open_reply(reply);
  EXPECT_TRUE(reply.body.contains(R"({"a":1})"));
}

TEST(Sign, only_where_the_scheme_signs) {
  client::OutboundRequest request;
  sign(request, pcare_vaksin(), tests::signing_facility(), {"key-1", "Basic x"}, tests::morning);
  EXPECT_TRUE(request.headers.empty());
  EXPECT_FALSE(request.open_reply);
}

TEST(Sign, needs_a_consumer_and_its_secret) {
  const auto profile = tests::signing_profile();
  EXPECT_TRUE(can_sign(profile, tests::signing_facility()));
  EXPECT_FALSE(can_sign(profile, tests::signing_facility("0905R002", {"10001", ""})));
  EXPECT_FALSE(can_sign(profile, tests::signing_facility("0905R002", {"", "a secret"})));
  EXPECT_TRUE(can_sign(pcare_vaksin(), tests::signing_facility("0905R002", {"", ""})));
}

TEST(Sign, credentials_that_cannot_be_read_are_none) {
  const scheme::Credentials credentials{"key-1", "Basic x"};
  storage::Payload payload;
  EXPECT_EQ(credentials_of(payload), scheme::Credentials{});
  payload.credentials = scheme::encode(credentials);
  EXPECT_EQ(credentials_of(payload), credentials);
  payload.credentials[0] = '\x7f';
  EXPECT_EQ(credentials_of(payload), scheme::Credentials{});
}

TEST(Probe, asks_for_what_the_record_is_about) {
  Case given;
  given.body = R"({"nik":"1","noTiket":"A/ 1","dosis":1,"tglVaksin":"2021-08-16"})";
  const auto probe = with(
      given, [&](const OutboundInput& input) { return build_probe(input, nlohmann::json::parse(given.body), {}); });
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->method, "GET");
  EXPECT_EQ(probe->target, "/datavaksin/notiket/A%2F%201");
  EXPECT_EQ(tests::header(*probe, "x-kdppk"), "0905R002");
  EXPECT_EQ(tests::header(*probe, "Idempotency-Key"), "");
  EXPECT_EQ(probe->body, "");
}

TEST(Probe, a_page_stands_in_its_path) {
  Case given;
  const auto target = [&](std::uint64_t start) {
    return with(given, [&](const OutboundInput& input) {
      auto route = input.route;
      route.probe->read = "/daftar/{/tglVaksin}/{start}/{limit}";
      route.probe->paging = profile::Paging{.count = "/response/count", .size = 100};
      const auto body = nlohmann::json::parse(R"({"tglVaksin":"16-08-2021"})");
      const auto probe = build_probe({input.profile, route, input.record, input.payload, input.facility, input.today},
                                     body, {}, start);
      return probe ? probe->target : "none";
    });
  };
  EXPECT_EQ(target(0), "/daftar/16-08-2021/0/100");
  EXPECT_EQ(target(300), "/daftar/16-08-2021/300/100");
}

TEST(Probe, there_is_none_without_what_its_path_needs) {
  Case given;
  EXPECT_FALSE(with(given, [](const OutboundInput& input) {
    return build_probe(input, nlohmann::json::parse(R"({"nik":"1"})"), {});
  }));
  EXPECT_FALSE(with(given, [](const OutboundInput& input) {
    return build_probe(input, nlohmann::json::parse(R"({"noTiket":".."})"), {});
  }));
}

}  // namespace
}  // namespace titip::delivery
