#include "gateway/front/answers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/fakes.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::front {
namespace {

using nlohmann::json;
using tests::pcare_vaksin;

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& each : response.headers)
    if (each.name == name) return each.value;
  return {};
}

intake::InCustody custody() {
  intake::InCustody made;
  made.submission.id = *storage::SubmissionId::parse("01FD8Z6J5S0123456789ABCDEF");
  made.submission.receipt = "3456789ABCDEF";
  made.submission.destination = "pcare-vaksin";
  made.submission.facility = "0905R002";
  made.submission.route = "vaksin/simpan";
  made.submission.accepted_at = tests::morning;
  made.body = "abc";
  return made;
}
const profile::Route& route(std::string_view id) {
  return *profile::find_route(pcare_vaksin(), id);
}

const words::Said no("No.", "Tidak.");
const words::Said is_missing("is missing", "tidak ada");

TEST(Answers, a_problem_is_rfc_9457) {
  const auto response = problem(422, "invalid-submission", no, {}, {{"/nik", is_missing}}, "01ABC");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(json::parse(response.body), (json{{"type", "/problems/invalid-submission"},
                                              {"title", "No."},
                                              {"status", 422},
                                              {"submission", "01ABC"},
                                              {"errors", {{{"pointer", "/nik"}, {"detail", "is missing"}}}}}));
  EXPECT_EQ(json::parse(problem(404, "x", no).body),
            (json{{"type", "/problems/x"}, {"title", "No."}, {"status", 404}}));
}

TEST(Answers, the_same_fault_in_the_national_envelope) {
  const auto response = national_fault(pcare_vaksin(), 422, no, {}, {{"/nik", is_missing}});
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(json::parse(response.body), (json{{"response", {{{"field", "/nik"}, {"message", "is missing"}}}},
                                              {"metaData", {{"message", "No."}, {"code", 422}}}}));
}

TEST(Answers, a_fault_is_said_in_the_language_that_is_wanted) {
  const auto api = problem(422, "x", no, words::Language::id, {{"/nik", is_missing}});
  EXPECT_EQ(json::parse(api.body).at("title"), "Tidak.");
  EXPECT_EQ(json::parse(api.body).at("errors")[0].at("detail"), "tidak ada");
  EXPECT_EQ(header(api, "Content-Language"), "id");
  EXPECT_EQ(header(api, "Vary"), "Accept-Language");
  const auto mount = national_fault(pcare_vaksin(), 422, no, words::Language::id, {{"/nik", is_missing}});
  EXPECT_EQ(json::parse(mount.body).at("metaData").at("message"), "Tidak.");
  EXPECT_EQ(json::parse(mount.body).at("response")[0].at("message"), "tidak ada");
  EXPECT_EQ(header(mount, "Content-Language"), "id");
  const auto nobodys = problem(404, "x", no);
  EXPECT_EQ(header(nobodys, "Content-Language"), "");
  EXPECT_EQ(header(nobodys, "Vary"), "Accept-Language") << "another may be told it in another language";
  EXPECT_EQ(header(acknowledgement(pcare_vaksin(), route("vaksin/simpan"), true, custody()), "Vary"), "");
}

TEST(Answers, a_refusal_in_the_places_own_manner) {
  const intake::Refused refused{503, "overloaded", words::Said("Later.", "Nanti."), {}, 5, "01ABC"};
  const auto mount = refusal(pcare_vaksin(), true, refused);
  EXPECT_EQ(mount.status, 503);
  EXPECT_EQ(json::parse(mount.body).at("metaData").at("code"), 503);
  EXPECT_EQ(header(mount, "Retry-After"), "5");
  EXPECT_EQ(header(mount, "Titip-Submission-Id"), "01ABC");
  const auto api = refusal(pcare_vaksin(), false, refused);
  EXPECT_EQ(json::parse(api.body).at("type"), "/problems/overloaded");
  EXPECT_EQ(header(api, "Retry-After"), "5");
  EXPECT_EQ(header(refusal(pcare_vaksin(), false, {400, "x", no, {}, 0, {}}), "Retry-After"), "");
}

// Staff read it in whatever their program shows, and most programs name no language.
TEST(Answers, a_full_quota_is_said_in_both_languages_on_a_mount_that_is_told_none) {
  const intake::Refused full{429, "too-many-pending", no, {}, 30, {}};
  const auto message = [](const http::Response& response) {
    return json::parse(response.body).at("metaData").at("message").get<std::string>();
  };
  EXPECT_EQ(message(refusal(pcare_vaksin(), true, full)), "Tidak. (No.)");
  EXPECT_EQ(message(refusal(pcare_vaksin(), true, full, words::Language::id)), "Tidak.");
  EXPECT_EQ(message(refusal(pcare_vaksin(), true, full, words::Language::en)), "No.");
  EXPECT_EQ(json::parse(refusal(pcare_vaksin(), false, full).body).at("title"), "No.") << "under /v1 programs read";
  EXPECT_EQ(message(refusal(pcare_vaksin(), true, {503, "overloaded", no, {}, 1, {}})), "No.") << "sent again, unread";
}

TEST(Answers, the_mount_acknowledges_in_the_shape_of_the_profile) {
  const auto post = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), true, custody());
  EXPECT_EQ(post.status, 201);
  EXPECT_EQ(json::parse(post.body),
            (json{{"response", {{"receipt", "3456789ABCDEF"}, {"id", "01FD8Z6J5S0123456789ABCDEF"}}},
                  {"metaData", {{"message", "CREATED"}, {"code", 201}}}}));
  EXPECT_EQ(header(post, "Titip-Submission-Id"), "01FD8Z6J5S0123456789ABCDEF");
  EXPECT_EQ(header(post, "Titip-Receipt"), "3456789ABCDEF");
  EXPECT_EQ(header(post, "Location"), "/v1/submissions/01FD8Z6J5S0123456789ABCDEF");
  EXPECT_EQ(header(post, "Idempotency-Replayed"), "");
  const auto put = acknowledgement(pcare_vaksin(), route("vaksin/ubah"), true, custody());
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(json::parse(put.body).at("metaData").at("code"), 200);
}

TEST(Answers, the_api_acknowledges_with_a_receipt) {
  const auto response = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), false, custody());
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(json::parse(response.body),
            (json{{"receipt",
                   {{"code", "3456789ABCDEF"},
                    {"id", "01FD8Z6J5S0123456789ABCDEF"},
                    {"destination", "pcare-vaksin"},
                    {"facility", "0905R002"},
                    {"route", "vaksin/simpan"},
                    {"state", "queued"},
                    {"accepted_at", "2021-08-16T01:00:00.000Z"},
                    {"body_sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}}}));
}

TEST(Answers, a_replay_tells_the_current_truth) {
  auto replayed = custody();
  replayed.replayed = true;
  const auto pending = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), true, replayed);
  EXPECT_EQ(pending.status, 201);
  EXPECT_EQ(header(pending, "Idempotency-Replayed"), "true");

  replayed.submission.state = storage::State::rejected;
  replayed.national = storage::KeptReply{412, "text/json", R"({"metaData":{"message":"no","code":412}})"};
  const auto mount = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), true, replayed);
  EXPECT_EQ(mount.status, 412);
  EXPECT_EQ(mount.content_type, "text/json");
  EXPECT_EQ(mount.body, R"({"metaData":{"message":"no","code":412}})");
  EXPECT_EQ(header(mount, "Idempotency-Replayed"), "true");
  const auto api = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), false, replayed);
  EXPECT_EQ(api.status, 200);
  const auto document = json::parse(api.body);
  EXPECT_EQ(document.at("receipt").at("state"), "rejected");
  EXPECT_EQ(document.at("national").at("status"), 412);
  EXPECT_EQ(document.at("national").at("body"), replayed.national->body);
}

TEST(Answers, a_replay_of_what_was_erased_says_so_in_words) {
  auto replayed = custody();
  replayed.replayed = true;
  replayed.submission.state = storage::State::delivered;
  replayed.submission.content_erased = true;
  replayed.note = {"It was delivered and erased since.", "Sudah terkirim, lalu dihapus."};
  const auto api = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), false, replayed);
  EXPECT_EQ(api.status, 200) << "it is not waiting";
  const auto document = json::parse(api.body);
  EXPECT_EQ(document.at("note"), "It was delivered and erased since.");
  EXPECT_EQ(document.at("receipt").at("state"), "delivered");
  EXPECT_FALSE(document.contains("national"));
  const auto mount = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), true, replayed);
  EXPECT_EQ(mount.status, 201);
  EXPECT_TRUE(mount.body.contains("It was delivered and erased since.")) << mount.body;
  EXPECT_EQ(header(mount, "Idempotency-Replayed"), "true");
}

TEST(Answers, provisional_numbers_stand_where_the_real_ones_would) {
  auto route = *profile::find_route(pcare_vaksin(), "vaksin/simpan");
  route.acknowledgement.response_template = R"([{"field":"noKunjungan","message":"{reference:noKunjungan}"}])";
  auto taken = custody();
  taken.numbers = {{"noKunjungan", "0905R0020821T000042"}};
  const auto mount = acknowledgement(pcare_vaksin(), route, true, taken);
  EXPECT_EQ(json::parse(mount.body).at("response"),
            json::parse(R"([{"field":"noKunjungan","message":"0905R0020821T000042"}])"));
  auto changed = custody();  // a PUT is told the number it was sent
  changed.quoted = taken.numbers;
  EXPECT_EQ(acknowledgement(pcare_vaksin(), route, true, changed).body, mount.body);
  const auto api = acknowledgement(pcare_vaksin(), route, false, taken);
  EXPECT_EQ(json::parse(api.body).at("numbers").at("noKunjungan"), "0905R0020821T000042");
}

TEST(Answers, what_was_taken_back_is_done_and_names_what_went_with_it) {
  auto done = custody();
  done.submission.state = storage::State::cancelled;
  done.cancelled = {*storage::SubmissionId::parse("01FD8Z6J5S0123456789ABCDEG"),
                    *storage::SubmissionId::parse("01FD8Z6J5S0123456789ABCDEH")};
  const auto mount = acknowledgement(pcare_vaksin(), route("vaksin/ubah"), true, done);
  EXPECT_EQ(mount.status, 200);
  EXPECT_EQ(json::parse(mount.body).at("metaData").at("code"), 200);
  const auto api = acknowledgement(pcare_vaksin(), route("vaksin/ubah"), false, done);
  EXPECT_EQ(api.status, 200) << "nothing waits any more";
  const auto document = json::parse(api.body);
  EXPECT_EQ(document.at("receipt").at("state"), "cancelled");
  EXPECT_EQ(document.at("cancelled"), (json{"01FD8Z6J5S0123456789ABCDEG", "01FD8Z6J5S0123456789ABCDEH"}));
}

TEST(Answers, a_preference_that_was_honoured_is_said_under_v1_alone) {
  auto taken = custody();
  taken.preference = "wait=5";
  EXPECT_EQ(header(acknowledgement(pcare_vaksin(), route("vaksin/ubah"), false, taken), "Preference-Applied"),
            "wait=5");
  EXPECT_EQ(header(acknowledgement(pcare_vaksin(), route("vaksin/ubah"), true, taken), "Preference-Applied"), "");
}

// A national reply may hold any bytes.
TEST(Answers, a_national_body_that_is_not_utf8_does_not_break_ours) {
  auto replayed = custody();
  replayed.national = storage::KeptReply{200, "text/html", "\xff\xfe"};
  const auto api = acknowledgement(pcare_vaksin(), route("vaksin/simpan"), false, replayed);
  EXPECT_TRUE(json::parse(api.body, nullptr, false).is_object()) << api.body;
}

}  // namespace
}  // namespace titip::front
