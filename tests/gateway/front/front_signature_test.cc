// The front before a service of the scheme bpjs_signature: who is let in, and that every answer on the mount is said as
// that very request asks for it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "gateway/front/front.h"
#include "storage/kept_reply.h"
#include "storage/payload.h"
#include "tests/gateway/reads_support.h"
#include "tests/gateway/signing.h"

namespace titip::front {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using scheme::Consumer;
using tests::clinic;
using tests::clinic_headers;

constexpr std::string_view this_time = "1629075600";    // tests::morning
constexpr std::string_view clinic_time = "1629060000";  // some hours ago: computed once, used all day
constexpr std::string_view simpan = "/pcare-vaksin/vaksin/simpan";
const Consumer former{clinic.id, "the secret before it"};

std::string dose(int number = 1) {
  return fmt::format(R"({{"nik":"{}","noTiket":"A-1","dosis":{},"tglVaksin":"2021-08-16"}})", "3300000000000001",
                     number);
}

class SignedFrontTest : public testing::Test {
 protected:
  SignedFrontTest() {
    for (auto& route : profile_.routes)
      if (route.id == "referensi/alasan") route.action = profile::Action::refuse;
    auto facility = tests::signing_facility();
    facility.former_secret = former.secret;
    EXPECT_TRUE(facilities_.add(facility));
    world_.transport.server = [this](const client::OutboundRequest& call) -> std::optional<rules::Exchange> {
      if (!tests::is_signed(call, clinic, world_.clock.wall()))
        return tests::national(401, 401, "the national server's own 401");
      return tests::sealed(profile_, call, clinic, said_);
    };
  }

  static http::Request request(std::string method, std::string_view target, std::string body,
                               std::vector<http::Header> headers = clinic_headers(clinic_time)) {
    http::Request made;
    made.method = std::move(method);
    made.target = target;
    made.body = std::move(body);
    made.headers = std::move(headers);
    return made;
  }
  static http::Request write(std::string body, std::vector<http::Header> headers = clinic_headers(clinic_time),
                             std::string_view key = {}) {
    if (!key.empty()) headers.push_back({"Idempotency-Key", std::string(key)});
    return request("POST", simpan, std::move(body), std::move(headers));
  }
  http::Response answer(http::Request asked) {
    std::optional<http::Response> answer;
    front_.handle(std::move(asked), http::Responder([&](http::Response given) { answer = std::move(given); }, [] {}));
    world_.run();
    if (!answer) ADD_FAILURE() << "no answer";
    return answer.value_or(http::Response{});
  }
  // What the clinic's program makes of it: `response`, opened where it is sealed. A failure unless that is as expected.
  json opened(const http::Response& response, bool sealed, const Consumer& by = clinic,
              std::string_view timestamp = clinic_time) {
    const auto plain = scheme::open_reply(profile_.envelope, by, timestamp, response.body);
    EXPECT_EQ(plain != response.body, sealed) << response.body;
    return json::parse(plain, nullptr, false);
  }
  std::uint64_t accepted() {
    std::uint64_t sum = 0;
    for (const auto& [name, counts] : world_.engine->counts().destinations) sum += counts.accepted;
    return sum;
  }
  storage::Loaded load(std::string_view id) {
    storage::Loaded found;
    world_.engine->load({{*storage::SubmissionId::parse(id), true, true, true}}, world_.home, [&](auto loaded) {
      ASSERT_TRUE(loaded && loaded->front());
      found = std::move(*loaded->front());
    });
    world_.run();
    return found;
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return {};
  }
  // As delivery would: sent, answered, settled.
  void settle(std::string_view id, const storage::KeptReply& reply) {
    const auto& record = load(id).submission;
    const auto epoch = world_.engine->health().epoch;
    world_.engine->open_attempts({{record.id, record.version, {}, epoch}}, world_.home, [](const auto&) {});
    storage::Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = storage::Event::delivered;
    const auto key = (*world_.sealer).unwrap(record.id, record.wrapped_key);
    settlement.reply = (*world_.sealer).seal(*key, record.id, "reply", encode(reply));
    world_.engine->settle({settlement}, world_.home, [](const auto& changed) {
      ASSERT_TRUE(changed && changed->front().applied == storage::Applied::yes);
    });
    world_.run();
  }

  tests::ReadsWorld world_{tests::signing_profile()};
  profile::Profile profile_ = tests::signing_profile();
  storage::Facilities facilities_;
  rules::Exchange said_ = tests::national(200, 200, "OK", R"({"list":[{"nik":"1"}]})");
  metrics::IntakeProbes intake_probes_{world_.registry};
  intake::Intake intake_{{world_.store, world_.home, *world_.sealer, world_.clock, intake_probes_}};
  reads::DestinationReads reads_{{}, {}, world_.log_in_doors()};
  reads::OwnRecords own_records_{world_.store, world_.home, *world_.sealer};
  Front front_{{{{"pcare-vaksin", &profile_, &reads_}},
                facilities_,
                intake_,
                [] { return std::string("{}"); },
                [] { return true; },
                [] { return words::Said(); },
                own_records_,
                world_.clock}};
};

TEST_F(SignedFrontTest, whoever_is_not_let_in_hears_the_same_and_leaves_nothing) {
  auto truncated = clinic_headers(clinic_time);
  truncated[2].value.resize(20);
  auto bare = clinic_headers(clinic_time);
  bare.erase(bare.begin());
  const std::vector<http::Header> strangers[] = {clinic_headers(clinic_time, {"10009", clinic.secret}),
                                                 clinic_headers(clinic_time, {clinic.id, "wrong"}),
                                                 truncated,
                                                 bare,
                                                 {}};
  std::set<std::string> bodies;
  for (const auto& headers : strangers) {
    for (const auto& response :
         {answer(write(dose(), headers)), answer(request("GET", "/pcare-vaksin/tiket/nik/1", "", headers))}) {
      EXPECT_EQ(response.status, 401);
      EXPECT_EQ(response.content_type, "application/json");
      const auto envelope = json::parse(response.body);
      EXPECT_EQ(envelope.at("metaData").at("code"), 401);
      EXPECT_TRUE(envelope.at("response").is_null());
      bodies.insert(response.body);
    }
  }
  EXPECT_EQ(bodies.size(), 1U);
  EXPECT_FALSE(bodies.begin()->contains(clinic.id));
  EXPECT_EQ(accepted(), 0U);
  EXPECT_TRUE(world_.transport.seen.empty());
  const auto native = answer(request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan", dose(), bare));
  EXPECT_EQ(native.status, 401);
  EXPECT_EQ(native.content_type, "application/problem+json");
}

TEST_F(SignedFrontTest, an_acknowledgement_is_said_as_the_request_asks_for_it) {
  struct Row {
    const char* name;
    Consumer by;
    std::string_view user_key;
    bool sealed;
  };
  int number = 0;
  for (const auto& row :
       {Row{"2022 and later", clinic, tests::clinic_user_key, true},
        Row{"with the former secret", former, tests::clinic_user_key, true}, Row{"2021", clinic, "", false}}) {
    const auto response = answer(write(dose(++number), clinic_headers(clinic_time, row.by, row.user_key)));
    EXPECT_EQ(response.status, 201) << row.name;
    const auto envelope = opened(response, row.sealed, row.by);
    EXPECT_EQ(envelope.at("metaData").at("code"), 201) << row.name;
    EXPECT_TRUE(envelope.at("response").is_structured()) << row.name;
    EXPECT_TRUE(envelope.dump().contains(header(response, "Titip-Receipt"))) << row.name;
  }
  const auto native =
      answer(request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan", dose(9), clinic_headers(this_time)));
  EXPECT_EQ(native.status, 202);
  EXPECT_EQ(answer(request("POST", "/v1/destinations/pcare-vaksin/vaksin/simpan", dose(9))).status, 401)
      << "a signature that was caught hours ago";
  EXPECT_TRUE(json::parse(native.body).contains("receipt"));
}

TEST_F(SignedFrontTest, credentials_are_kept_sealed_and_are_no_part_of_what_is_compared) {
  const auto first = answer(write(dose(), clinic_headers(clinic_time), "\"k\""));
  const auto id = header(first, "Titip-Submission-Id");
  const auto loaded = load(id);
  const auto& record = loaded.submission;
  EXPECT_FALSE(loaded.payload.bytes.contains(tests::clinic_authorization));
  const auto key = (*world_.sealer).unwrap(record.id, record.wrapped_key);
  const auto payload = storage::decode_payload(*(*world_.sealer).open(*key, record.id, "payload", loaded.payload));
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->body, dose());
  EXPECT_EQ(scheme::decode_credentials(payload->credentials),
            (scheme::Credentials{std::string(tests::clinic_user_key), tests::clinic_authorization}));

  auto others = clinic_headers("1629075599", clinic, "");
  others[3].value = "Basic b3RoZXI6cGFzczowOTU=";
  const auto again = answer(write(dose(), others, "\"k\""));
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
  EXPECT_EQ(header(again, "Titip-Submission-Id"), id);
  EXPECT_EQ(accepted(), 1U);
}

TEST_F(SignedFrontTest, a_replay_is_sealed_for_the_request_that_asks_again) {
  const auto first = answer(write(dose(), clinic_headers(clinic_time), "\"k\""));
  const auto replay = answer(write(dose(), clinic_headers("1629075500"), "\"k\""));
  EXPECT_NE(replay.body, first.body);
  EXPECT_EQ(opened(replay, true, clinic, "1629075500"), opened(first, true));

  // Once the server has answered, its answer, kept plain, is what is said.
  const std::string kept =
      R"({ "response":{"field":"noUrut","message":"A1"} ,"metaData":{"message":"CREATED","code":201}})";
  settle(header(first, "Titip-Submission-Id"), {201, "application/json; charset=utf-8", kept});
  const auto relayed = answer(write(dose(), clinic_headers("1629075501", former), "\"k\""));
  EXPECT_EQ(relayed.status, 201);
  EXPECT_EQ(relayed.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(scheme::open_reply(profile_.envelope, former, "1629075501", relayed.body), kept);
  EXPECT_NE(relayed.body, kept);
  EXPECT_EQ(answer(write(dose(), clinic_headers("1629075502", clinic, ""), "\"k\"")).body, kept);
}

TEST_F(SignedFrontTest, a_read_is_signed_afresh_and_its_answer_sealed_for_the_clinic) {
  const auto response =
      answer(request("GET", "/pcare-vaksin/tiket/nik/1?a=b", "", clinic_headers(clinic_time, former)));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(opened(response, true, former).at("response").at("list").at(0).at("nik"), "1");
  ASSERT_EQ(world_.transport.seen.size(), 1U);
  const auto& call = world_.transport.seen[0];
  EXPECT_EQ(call.target, "/tiket/nik/1?a=b");
  EXPECT_TRUE(tests::is_signed(call, clinic, world_.clock.wall())) << "with the secret the server knows, for now";
  EXPECT_EQ(tests::header(call, "X-authorization"), tests::clinic_authorization);
  EXPECT_EQ(tests::header(call, "user_key"), tests::clinic_user_key);
  const auto plain = answer(request("GET", "/pcare-vaksin/tiket/nik/1", "", clinic_headers(clinic_time, clinic, "")));
  EXPECT_EQ(opened(plain, false).at("response").at("list").at(0).at("nik"), "1");
}

TEST_F(SignedFrontTest, what_the_server_says_plainly_stays_plain) {
  struct Row {
    const char* name;
    rules::Exchange said;
    int status;
    const char* has;
  };
  const Row rows[] = {
      {"faults", tests::national(412, 412, "PRECONDITION_FAILED", R"([{"field":"nik","message":"wajib diisi"}])"), 412,
       "wajib diisi"},
      {"words alone", tests::national(404, 404, "Data tidak ditemukan"), 404, "Data tidak ditemukan"},
      {"an error page, which is none of its words", rules::Reply{502, "text/html", "<html>502</html>", {}}, 503,
       "Server nasional tidak tersedia"},
      {"nothing", rules::Failure::response_timeout, 503, "Server nasional tidak tersedia"},
  };
  for (const auto& row : rows) {
    said_ = row.said;
    const auto response = answer(request("GET", "/pcare-vaksin/tiket/nik/1", ""));
    EXPECT_EQ(response.status, row.status) << row.name;
    EXPECT_TRUE(response.body.contains(row.has)) << row.name << ": " << response.body;
    const auto envelope = opened(response, false);
    EXPECT_TRUE(envelope.at("response").is_null() || envelope.at("response").is_array()) << row.name;
    world_.clock.advance(1min);
  }
}

// The server's own words are nobody's to translate, and say nothing of their language.
TEST_F(SignedFrontTest, of_a_read_the_gateways_own_words_are_in_the_language_asked_for) {
  const auto asked_in = [](const char* language) {
    auto headers = clinic_headers(clinic_time);
    if (language != nullptr) headers.push_back({"Accept-Language", language});
    return request("GET", "/pcare-vaksin/tiket/nik/1", "", std::move(headers));
  };
  const struct {
    rules::Exchange said;
    const char* language;  // null: nobody asks
    const char* has;
    const char* content_language;
  } rows[] = {
      {rules::Failure::response_timeout, nullptr, "Server nasional tidak tersedia", ""},
      {rules::Failure::response_timeout, "en", "The national server is not available", "en"},
      {rules::Failure::response_timeout, "id, en;q=0.5", "Server nasional tidak tersedia", "id"},
      {rules::Reply{401, "text/plain", "who are you?", {}}, "en",
       "The national server does not allow this request (HTTP 401)", "en"},
      {tests::national(404, 404, "Data tidak ditemukan"), "en", "Data tidak ditemukan", ""},
  };
  for (const auto& row : rows) {
    said_ = row.said;
    const auto response = answer(asked_in(row.language));
    EXPECT_TRUE(response.body.contains(row.has)) << row.has << ": " << response.body;
    EXPECT_EQ(header(response, "Content-Language"), row.content_language) << row.has;
    world_.clock.advance(1min);
  }
}

TEST_F(SignedFrontTest, the_gateways_own_faults_are_said_like_the_services) {
  struct Row {
    const char* name;
    http::Request request;
    int status;
    bool has_list;
  };
  const Row rows[] = {
      {"fields missing", write(R"({"nik":"1"})"), 422, true},
      {"malformed", write(R"({"nik":)"), 400, false},
      {"nested without end", write(std::string(256U << 10U, '[')), 400, false},
      {"too large", write(std::string((256U << 10U) + 1, ' ')), 413, false},
      {"not offered", request("GET", "/pcare-vaksin/referensi/alasan", ""), 403, false},
      {"no such path", request("GET", "/pcare-vaksin/nothing", ""), 404, false},
  };
  for (const auto& row : rows) {
    const auto response = answer(row.request);
    EXPECT_EQ(response.status, row.status) << row.name << ": " << response.body;
    const auto envelope = opened(response, false);
    EXPECT_EQ(envelope.at("metaData").at("code"), row.status) << row.name;
    EXPECT_EQ(envelope.at("response").is_array(), row.has_list) << row.name;
    EXPECT_EQ(envelope.at("response").is_null(), !row.has_list) << row.name;
  }
  EXPECT_EQ(accepted(), 0U);
}

TEST_F(SignedFrontTest, a_facility_sees_its_own_submission_by_its_signature) {
  const auto place = header(answer(write(dose())), "Location");
  EXPECT_EQ(answer(request("GET", place, "", clinic_headers(this_time))).status, 200);
  EXPECT_EQ(answer(request("GET", place, "")).status, 401) << "signed hours ago";
  EXPECT_EQ(answer(request("GET", place, "", {{"x-kdppk", "0905R002"}})).status, 401);
  const Consumer stranger{"10002", "another clinic's secret"};
  ASSERT_TRUE(facilities_.add(tests::signing_facility("0905R003", stranger)));
  EXPECT_EQ(answer(request("GET", place, "", clinic_headers(this_time, stranger))).status, 404);
}

}  // namespace
}  // namespace titip::front
