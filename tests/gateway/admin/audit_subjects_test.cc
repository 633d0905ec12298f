// Before and after in the audit log: by hashes that whoever has the key can make again, and nobody else can read.
#include "gateway/admin/audit_subjects.h"

#include <fmt/format.h>

#include <set>

#include "gateway/delivery/drain_order.h"
#include "storage/facilities.h"
#include "tests/gateway/admin/queue_fixture.h"

namespace titip::admin {
namespace {

using nlohmann::json;
using storage::Event;

class AuditSubjects : public QueueFixture {
 protected:
  Doors doors_with_facilities() {
    auto doors = QueueFixture::doors();
    doors.facilities = &facilities_;
    doors.edit = [this](const storage::Submission&, const storage::Payload&, const std::vector<Edit>& edits) {
      Edited edited;
      edited.made = made({.body = R"({"nik":"9901011501900001","tgl":"2021-03-02"})"});
      edited.changes = {{edits.front().pointer, R"("2021-03-01")", edits.front().value}};
      return edited;
    };
    return doors;
  }
  Ended done(Command command, const std::function<void(Request&)>& with) {
    Request request;
    request.command = command;
    request.reason = "uji";
    with(request);
    Quiet telling;
    return run(request, doors_with_facilities(), telling);
  }
  Ended on(Command command, const storage::SubmissionId& id) {
    return done(command, [&](Request& request) { request.queue.id = id.text(); });
  }
  // What the last line says was changed.
  json changed() {
    const auto lines = audited();
    return json::parse(lines.back()).value("changed", json::array());
  }
  static storage::Facility clinic(int number, std::string secret = "tersembunyi") {
    storage::Facility made;
    made.code = fmt::format("P{:04}", number);
    made.consumer_id = std::to_string(1'000 + number);
    made.consumer_secret = std::move(secret);
    return made;
  }

  storage::Facilities facilities_;
};

TEST_F(AuditSubjects, what_stands_after_one_action_stands_before_the_next) {
  const auto id = put({}).id;
  EXPECT_FALSE(on(Command::hold, id).trouble);
  const auto held = changed();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0]["what"], "record:" + id.text());
  EXPECT_NE(held[0]["before"], held[0]["after"]);
  EXPECT_EQ(held[0]["after"].get<std::string>().size(), 32U);
  EXPECT_FALSE(on(Command::release, id).trouble);
  EXPECT_EQ(changed()[0]["before"], held[0]["after"]) << "nobody was at work in between";
  EXPECT_EQ(changed()[0]["after"], held[0]["before"]) << "as it was";
  settled(load(id), Event::rejected, "precondition");
  EXPECT_FALSE(on(Command::requeue, id).trouble);
  EXPECT_NE(changed()[0]["before"], held[0]["before"]) << "the server was";
}

TEST_F(AuditSubjects, what_is_refused_changes_nothing) {
  const auto id = put({}).id;
  EXPECT_TRUE(on(Command::release, id).trouble);
  EXPECT_EQ(changed()[0]["before"], changed()[0]["after"]);
}

TEST_F(AuditSubjects, a_record_asked_for_by_its_receipt_is_named_by_its_id) {
  const auto record = put({});
  EXPECT_FALSE(done(Command::hold, [&](Request& request) { request.queue.id = record.receipt; }).trouble);
  EXPECT_EQ(changed()[0]["what"], "record:" + record.id.text());
}

TEST_F(AuditSubjects, what_came_of_a_record_is_told_too) {
  const auto record = rejected({});
  const auto sent = on(Command::requeue, record.id);
  ASSERT_FALSE(sent.trouble) << sent.sentence.english();
  const auto both = changed();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1]["what"], "record:" + result_of(sent)["other"].get<std::string>());
  EXPECT_TRUE(both[1]["before"].is_null());
  EXPECT_TRUE(both[1]["after"].is_string());
}

TEST_F(AuditSubjects, an_edit_shows_in_the_hash_and_not_in_the_words) {
  const auto record = rejected({});
  const auto sent = done(Command::edit, [&](Request& request) {
    request.queue.id = record.id.text();
    request.edits = {{"/tgl", R"("2021-03-02")"}};
  });
  ASSERT_FALSE(sent.trouble) << sent.sentence.english();
  ASSERT_EQ(changed().size(), 2U);
  EXPECT_NE(changed()[1]["after"], changed()[0]["before"]);
  for (const auto& line : audited()) {
    EXPECT_FALSE(line.contains("99010115")) << line;
    EXPECT_FALSE(line.contains("2021-03-0")) << line;
  }
}

TEST_F(AuditSubjects, facilities_tokens_and_gates_have_theirs) {
  const auto add = [this](Command command, const storage::Facility& facility) {
    const auto ended = done(command, [&](Request& request) { request.facilities = {facility}; });
    EXPECT_FALSE(ended.trouble) << ended.sentence.english();
    return changed();
  };
  const auto added = add(Command::facility_add, clinic(1));
  EXPECT_EQ(added[0]["what"], "facility:P0001");
  EXPECT_TRUE(added[0]["before"].is_null());
  const auto rotated = add(Command::facility_rotate, clinic(1, "yang lain"));
  EXPECT_EQ(rotated[0]["before"], added[0]["after"]);
  EXPECT_NE(rotated[0]["after"], added[0]["after"]);

  const auto token = [this](Command command) {
    EXPECT_FALSE(done(command, [](Request& request) { request.token = {"sari", "viewer", {}}; }).trouble);
    return changed();
  };
  const auto made = token(Command::token_add);
  EXPECT_EQ(made[0]["what"], "token:sari");
  EXPECT_EQ(token(Command::token_revoke)[0]["before"], made[0]["after"]);
  EXPECT_TRUE(changed()[0]["after"].is_null());

  const auto gate = [this](Command command) {
    EXPECT_FALSE(done(command, [](Request& request) { request.destination = "pcare"; }).trouble);
    return changed();
  };
  const auto paused = gate(Command::pause);
  EXPECT_EQ(paused[0]["what"], "gate:pcare");
  EXPECT_TRUE(paused[0]["before"].is_null());
  EXPECT_EQ(gate(Command::resume)[0]["before"], paused[0]["after"]);
  EXPECT_TRUE(changed()[0]["after"].is_null());
}

TEST_F(AuditSubjects, a_drain_has_its_own) {
  auto doors = doors_with_facilities();
  doors.drain = [this](const Request&) {
    static_cast<void>(home_.ask<std::vector<storage::Applied>>([&](auto done) {
      store_->put_objects({{std::string(delivery::drain_kind), "pcare", std::nullopt, "paused"}}, home_,
                          std::move(done));
    }));
    return Ended{};
  };
  Request request;
  request.command = Command::drain_pause;
  request.reason = "uji";
  request.destination = "pcare";
  Quiet telling;
  EXPECT_FALSE(run(request, doors, telling).trouble);
  EXPECT_EQ(changed()[0]["what"], "drain:pcare");
  EXPECT_TRUE(changed()[0]["before"].is_null());
  EXPECT_TRUE(changed()[0]["after"].is_string());
}

// From batch to batch, and over an end in the middle.
TEST_F(AuditSubjects, a_bulk_action_has_one_of_all_its_records) {
  constexpr int many = 35;
  for (int each = 0; each < many; ++each) put({.at = tests::morning + std::chrono::milliseconds(each)});
  clock_.advance(std::chrono::minutes(1));
  const auto all = [this](Command command, storage::State state, std::size_t steps) {
    Request request;
    request.command = command;
    request.reason = "uji";
    if (command != Command::bulk_resume) request.queue.states = {state};
    Quiet telling;
    telling.steps = steps;
    clock_.advance(std::chrono::minutes(1));
    return run(request, doors(), telling);
  };
  EXPECT_TRUE(all(Command::hold, storage::State::queued, 0).trouble) << "one batch, and it stops";
  EXPECT_EQ(changed(), json::array());
  ASSERT_FALSE(all(Command::bulk_resume, {}, 1'000).trouble);
  const auto held = changed();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0]["what"], "bulk:35");
  EXPECT_NE(held[0]["before"], held[0]["after"]);
  ASSERT_FALSE(all(Command::release, storage::State::held, 1'000).trouble);
  EXPECT_EQ(changed()[0]["before"], held[0]["after"]) << "nobody was at work in between";
  EXPECT_EQ(changed()[0]["after"], held[0]["before"]);
  ASSERT_FALSE(on(Command::cancel, put({}).id).trouble);
  ASSERT_FALSE(all(Command::hold, storage::State::queued, 1'000).trouble);
  EXPECT_EQ(changed()[0]["before"], held[0]["before"]) << "what was cancelled is none of them";
}

TEST_F(AuditSubjects, very_many_are_told_as_one) {
  const auto add = [this](std::size_t count, const std::string& secret, bool replaces) {
    const auto ended = done(Command::facility_import, [&](Request& request) {
      for (std::size_t each = 1; each <= count; ++each)
        request.facilities.push_back(clinic(static_cast<int>(each), fmt::format("{}-{}", secret, each)));
      request.replace = replaces;
    });
    EXPECT_FALSE(ended.trouble) << ended.sentence.english();
    return changed();
  };
  EXPECT_EQ(add(subjects_told, "satu", false).size(), subjects_told);
  const auto first = add(subjects_told + 1, "satu", true);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0]["what"], "all:51");
  const auto second = add(subjects_told + 1, "dua", true);
  EXPECT_EQ(second[0]["before"], first[0]["after"]);
  EXPECT_NE(second[0]["after"], first[0]["after"]);
}

TEST_F(AuditSubjects, without_the_key_a_hash_says_nothing) {
  const auto other = storage::Sealer::open(directory_ / "other.key", true).value();
  EXPECT_EQ(fingerprint(*sealer_, "facility:P0001", "x"), fingerprint(*sealer_, "facility:P0001", "x"));
  const std::set<storage::Digest> all{
      fingerprint(*sealer_, "facility:P0001", "x"), fingerprint(other, "facility:P0001", "x"),
      fingerprint(*sealer_, "facility:P0002", "x"), fingerprint(*sealer_, "facility:P0001", "y")};
  EXPECT_EQ(all.size(), 4U);
}

}  // namespace
}  // namespace titip::admin
