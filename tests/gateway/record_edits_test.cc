// A rejected record sent again with other values: read as intake reads a request, linked both ways, its difference
// sealed, and no value in any sentence or line of the log.
#include "gateway/record_edits.h"

#include <utility>

#include "gateway/intake/make_submission.h"
#include "storage/persons.h"
#include "tests/gateway/admin/queue_fixture.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::gateway {
namespace {

using admin::Command;
using admin::Edit;
using admin::Ended;
using admin::Request;
using admin::Trouble;
using nlohmann::json;
using storage::Event;
using storage::State;
using storage::Submission;
using storage::SubmissionId;

constexpr const char* dose =
    R"({ "nik":"9901011501900001", "noTiket":"A-01J783G1", "nama":"Orang Uji", "dosis":1, "tglVaksin":"2021-08-16" })";

class RecordEdits : public admin::QueueFixture {
 protected:
  // Taken in as intake does it, and rejected.
  Submission taken(const std::string& body) {
    const auto& profile = tests::pcare_vaksin();
    intake::Arrival arrival;
    arrival.profile = &profile;
    arrival.route = profile::find_route(profile, "vaksin/simpan");
    arrival.destination = "pcare-vaksin";
    arrival.facility = "P0001";
    arrival.channel = "mount";
    arrival.method = "POST";
    arrival.target = "/vaksin/simpan";
    arrival.content_type = "application/json";
    arrival.body = body;
    arrival.credentials = "the clinic's password";
    intake::Draft draft;
    draft.identity = *intake::read_identity({*arrival.route, intake::identity_pointers(*arrival.route), arrival.body,
                                             arrival.parameters, arrival.facility, profile.date_format});
    const storage::Veil receipts(*sealer_, storage::receipt_domain);
    const auto made = intake::make_submission(*sealer_, receipts, arrival, draft, clock_.wall());
    const auto verdicts =
        home_.ask<std::vector<storage::Verdict>>([&](auto done) { store_->accept({made}, home_, std::move(done)); });
    EXPECT_EQ(verdicts->front().kind, storage::VerdictKind::accepted);
    return verdicts->front().submission;
  }
  Submission refused() { return settled(taken(dose), Event::rejected, "precondition"); }

  Ended edit(const SubmissionId& id, std::vector<Edit> edits, bool dry_run = false) {
    Request request;
    request.command = Command::edit;
    request.queue.id = id.text();
    request.edits = std::move(edits);
    request.dry_run = dry_run;
    request.reason = "diperbaiki bersama klinik";
    const auto parsed = admin::parse_request(admin::encode(request));
    EXPECT_TRUE(parsed) << parsed.error().english();
    auto all = doors();
    all.destinations = {"pcare-vaksin"};
    all.edit = [this](const Submission& record, const storage::Payload& payload, const std::vector<Edit>& wanted) {
      return edited_record(tests::pcare_vaksin(), record, payload, wanted, {*store_, *sealer_, clock_});
    };
    Quiet telling;
    auto ended = run(*parsed, all, telling);
    for (const auto* secret : {"99010115", "Budi", "password"})
      EXPECT_EQ((ended.sentence.english() + ended.result).find(secret), std::string::npos) << ended.sentence.english();
    return ended;
  }
  Submission made_by(const Ended& ended) {
    EXPECT_FALSE(ended.trouble) << ended.sentence.english();
    return load(SubmissionId::parse(result_of(ended).value("other", "")).value_or(SubmissionId{}));
  }
  std::string body_of(const SubmissionId& id) {
    const auto loaded = whole(id);
    const auto key = sealer_->unwrap(id, loaded.submission.wrapped_key);
    return storage::decode_payload(*sealer_->open(*key, id, "payload", loaded.payload))->body;
  }
};

TEST_F(RecordEdits, one_value_changes_and_every_other_byte_stays) {
  const auto old = refused();
  const auto ended = edit(old.id, {{"/nama", "Budi \"Uji\""}, {"/dosis", "1"}, {"/noBatch", "12"}});
  const auto made = made_by(ended);
  EXPECT_EQ(
      body_of(made.id),
      R"({"noBatch":12, "nik":"9901011501900001", "noTiket":"A-01J783G1", "nama":"Budi \"Uji\"", "dosis":1, "tglVaksin":"2021-08-16" })");
  EXPECT_EQ(result_of(ended).at("changed"), json({"/nama", "/noBatch"})) << "a dose of 1 stood there already";
  EXPECT_EQ(made.state, State::queued);
  EXPECT_EQ(made.replaces, old.id);
  EXPECT_EQ(load(old.id).replaced_by, made.id);
  EXPECT_EQ(load(old.id).state, State::rejected);
  EXPECT_EQ(body_of(old.id), dose);
  EXPECT_EQ(made.natural_key, old.natural_key);
  EXPECT_EQ(made.ordering_key, old.ordering_key);
  EXPECT_EQ(made.person, old.person);
  EXPECT_NE(made.fingerprint, old.fingerprint);
  for (const auto& line : audited()) {
    EXPECT_FALSE(line.contains("Budi")) << line;
    EXPECT_FALSE(line.contains("99010115")) << line;
  }
  ASSERT_EQ(audited().size(), 2U);
  EXPECT_TRUE(audited().front().contains("\"places\":[\"/nama\",\"/dosis\",\"/noBatch\"]"));
}

TEST_F(RecordEdits, the_difference_is_sealed_under_the_new_records_key) {
  const auto made = made_by(edit(refused().id, {{"/nama", "Budi"}}));
  const auto objects = home_.ask<std::vector<std::pair<std::string, storage::Object>>>(
      [&](auto done) { store_->list_objects(std::string(admin::edit_kind), "", 10, home_, std::move(done)); });
  ASSERT_EQ(objects->size(), 1U);
  EXPECT_EQ(objects->front().first, made.id.text());
  EXPECT_FALSE(objects->front().second.bytes.contains("Budi"));
  const auto difference = json::parse(admin::difference_of(made, doors()).value_or("{}"));
  EXPECT_EQ(difference.at("reason"), "diperbaiki bersama klinik");
  EXPECT_EQ(difference.at("by"), "uid:7");
  EXPECT_EQ(difference.at("changes"), json({{{"pointer", "/nama"}, {"from", "\"Orang Uji\""}, {"to", "\"Budi\""}}}));
  // Whoever erases the record has erased it too.
  static_cast<void>(
      home_.ask<std::vector<storage::Erased>>([&](auto done) { store_->erase({made.id}, home_, std::move(done)); }));
  EXPECT_FALSE(admin::difference_of(load(made.id), doors()));
}

TEST_F(RecordEdits, another_number_makes_it_another_persons) {
  const auto old = refused();
  const auto made = made_by(edit(old.id, {{"/nik", "9901011501900002"}}));
  EXPECT_EQ(made.person, storage::person_hash(*sealer_, "9901011501900002"));
  EXPECT_NE(made.ordering_key, old.ordering_key);
  EXPECT_NE(made.natural_key, old.natural_key);
  // The old one's act is free: the clinic may enter it again.
  EXPECT_EQ(taken(dose).state, State::queued);
}

TEST_F(RecordEdits, another_record_of_the_same_act_refuses_it) {
  const auto old = refused();
  const auto other = taken(R"({"nik":"9901011501900002","noTiket":"A-2","dosis":1,"tglVaksin":"2021-08-16"})");
  const auto ended = edit(old.id, {{"/nik", "9901011501900002"}});
  EXPECT_EQ(ended.trouble, Trouble::failed);
  EXPECT_EQ(result_of(ended).at("refused"), "conflict");
  EXPECT_EQ(load(old.id).replaced_by, std::nullopt);
  const auto objects = home_.ask<std::vector<std::pair<std::string, storage::Object>>>(
      [&](auto done) { store_->list_objects(std::string(admin::edit_kind), "", 10, home_, std::move(done)); });
  EXPECT_TRUE(objects->empty()) << "no difference without its record";
  EXPECT_EQ(result_of(edit(other.id, {{"/nama", "Budi"}})).at("refused"), "queued") << "only what ended is edited";
}

TEST_F(RecordEdits, what_cannot_be_is_said_and_nothing_is_stored) {
  const auto old = refused();
  const auto says = [&](std::vector<Edit> edits) {
    const auto ended = edit(old.id, std::move(edits));
    EXPECT_EQ(ended.trouble, Trouble::usage);
    return ended.sentence.english();
  };
  EXPECT_TRUE(says({{"/nama", "Orang Uji"}}).contains("stand there already"));
  EXPECT_TRUE(says({{"/skrining/suhu", "37"}}).contains("/skrining/suhu: there is no such place"));
  EXPECT_TRUE(says({{"/nik", ""}}).contains("/nik: "));
  EXPECT_TRUE(says({{"/tglVaksin", "kemarin"}}).contains("/tglVaksin: The date must be written YYYY-MM-DD"));
  EXPECT_EQ(edit(old.id, {{"/nama", "Budi"}}, true).sentence.english(),
            old.id.text() + " would be sent again with other values at /nama.");
  EXPECT_EQ(load(old.id).replaced_by, std::nullopt);
  EXPECT_FALSE(edit(old.id, {{"/nama", "Budi"}}).trouble);
  EXPECT_EQ(result_of(edit(old.id, {{"/nama", "Budi"}})).at("refused"), "replaced_before");
}

TEST(EditWords, what_is_wrong_is_said_without_the_value) {
  const auto fault = [](const char* edits) {
    const auto parsed = admin::parse_request(
        std::string(R"({"command":"edit","reason":"x","queue":{"id":"a"},"edits":)") + edits + "}");
    return parsed ? std::string() : parsed.error().english();
  };
  EXPECT_EQ(fault(R"([{"pointer":"/nama","value":"Budi"}])"), "");
  EXPECT_TRUE(fault("[]").contains("--set"));
  EXPECT_TRUE(fault("7").contains("wrong kind"));
  EXPECT_TRUE(fault(R"([{"pointer":"/nama"}])").contains("wrong kind"));
  EXPECT_TRUE(fault(R"([{"pointer":"nama","value":"Budi"}])").contains("edit 1 names no place"));
  EXPECT_TRUE(fault(R"([{"pointer":"/a","value":"Budi"},{"pointer":"/a","value":"Budi"}])").contains("the same place"));
  EXPECT_FALSE(fault(R"([{"pointer":"nama","value":"Budi"}])").contains("Budi"));
  EXPECT_FALSE(admin::parse_request(R"({"command":"edit","reason":"x","edits":[{"pointer":"/a","value":"b"}]})"));
  EXPECT_FALSE(admin::parse_request(
      R"({"command":"hold","reason":"x","queue":{"id":"a"},"edits":[{"pointer":"/a","value":"b"}]})"));
  EXPECT_EQ(admin::parse_edit("/a=b=c"), (Edit{"/a", "b=c"}));
  EXPECT_EQ(admin::parse_edit("/a="), (Edit{"/a", ""}));
  EXPECT_EQ(admin::parse_edit("a=b").pointer, "");
}

}  // namespace
}  // namespace titip::gateway
