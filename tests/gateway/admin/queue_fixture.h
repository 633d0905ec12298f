// A store with records in it, and an operator's requests about them, as they would come over the wire.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/upkeep.h"
#include "storage/memory_kv.h"
#include "storage/payload.h"
#include "storage/persons.h"
#include "storage/queue_store.h"
#include "storage/veil.h"
#include "storage/waiting_home.h"
#include "tests/gateway/fakes.h"
#include "tests/gateway/temporary_directory.h"

namespace titip::admin {

class QueueFixture : public testing::Test {
 protected:
  QueueFixture() {
    open_store();
    sealer_.emplace(storage::Sealer::open(directory_ / "titip.key", true).value());
  }
  ~QueueFixture() override { store_->close(); }

  void open_store() {
    storage::StoreOptions options;
    options.now = [this] { return clock_.wall(); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    store_ = storage::QueueStore::open(kv_, std::move(options), storage::Pumping::thread).value();
  }
  // What is kept stays.
  void restart() {
    store_->close();
    open_store();
  }

  struct Wanted {
    std::string destination = "pcare";
    std::string facility = "P0001";
    std::string person = "9901011501900001";
    std::string body = R"({"nik":"9901011501900001"})";
    std::string provides{};  // a requirement key, by a name
    std::string needs{};
    bool natural = false;  // has a natural key: its person's
    clock::WallTime at = tests::morning;
  };
  storage::NewSubmission made(const Wanted& wanted) {
    storage::NewSubmission made;
    auto& record = made.submission;
    record.id = storage::SubmissionId::make(wanted.at);
    record.destination = wanted.destination;
    record.facility = wanted.facility;
    record.route = "vaksin/simpan";
    record.channel = "api";
    record.accepted_at = wanted.at;
    record.receipt = storage::veil(*sealer_, storage::receipt_domain, record.id).text();
    record.ordering_key = sealer_->keyed_hash("ordering", {record.id.text()});
    record.fingerprint = sealer_->keyed_hash("fingerprint", {wanted.body});
    record.person = storage::person_hash(*sealer_, wanted.person);
    if (!wanted.provides.empty()) record.provides = {sealer_->keyed_hash("requirement", {wanted.provides})};
    if (!wanted.needs.empty()) record.requirements = {sealer_->keyed_hash("requirement", {wanted.needs})};
    if (wanted.natural) record.natural_key = sealer_->keyed_hash("natural", {wanted.facility, wanted.person});
    auto key = sealer_->new_data_key(record.id);
    record.wrapped_key = key.wrapped;
    made.payload = sealer_->seal(
        key.key, record.id, "payload",
        encode(storage::Payload{"POST", "/vaksin/simpan", "application/json", wanted.body, "the clinic's password"}));
    return made;
  }
  storage::Submission put(const Wanted& wanted) {
    const auto verdicts = home_.ask<std::vector<storage::Verdict>>(
        [&](auto done) { store_->accept({made(wanted)}, home_, std::move(done)); });
    EXPECT_TRUE(verdicts && verdicts->front().kind == storage::VerdictKind::accepted);
    return verdicts->front().submission;
  }
  // Sent, and answered with these words.
  storage::Submission settled(const storage::Submission& record, storage::Event event, const std::string& rule,
                              std::string_view words = "ditolak") {
    const auto epoch = store_->health().epoch;
    static_cast<void>(home_.ask<std::vector<storage::Changed>>(
        [&](auto done) { store_->open_attempts({{record.id, record.version, {}, epoch}}, home_, std::move(done)); }));
    storage::Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = event;
    settlement.counts_as_attempt = true;
    settlement.attempt.ended_at = record.accepted_at + std::chrono::seconds(5);
    settlement.attempt.outcome = storage::Outcome::rejected;
    settlement.attempt.http_status = 412;
    settlement.attempt.rule = rule;
    const auto key = sealer_->unwrap(record.id, record.wrapped_key);
    settlement.attempt.note = sealer_->seal(*key, record.id, "note", words);
    if (event == storage::Event::went_unknown) settlement.due_at = record.accepted_at + std::chrono::hours(1);
    const auto changed = home_.ask<std::vector<storage::Changed>>(
        [&](auto done) { store_->settle({settlement}, home_, std::move(done)); });
    EXPECT_TRUE(changed && changed->front().applied == storage::Applied::yes);
    return load(record.id);
  }
  // Of one whose outcome is unknown: held, and nobody knows whether it landed.
  storage::Submission given_up(const storage::Submission& record) {
    storage::Settlement gave_up;
    gave_up.epoch = store_->health().epoch;
    gave_up.id = record.id;
    gave_up.expected_version = record.version;
    gave_up.event = storage::Event::gave_up_probing;
    static_cast<void>(home_.ask<std::vector<storage::Changed>>(
        [&](auto done) { store_->settle({gave_up}, home_, std::move(done)); }));
    return load(record.id);
  }
  storage::Submission rejected(const Wanted& wanted, const std::string& rule = "precondition") {
    return settled(put(wanted), storage::Event::rejected, rule);
  }
  storage::Submission load(const storage::SubmissionId& id) { return whole(id).submission; }
  storage::Loaded whole(const storage::SubmissionId& id) {
    const auto loaded = home_.ask<std::vector<std::optional<storage::Loaded>>>(
        [&](auto done) { store_->load({{id, true, true, true}}, home_, std::move(done)); });
    EXPECT_TRUE(loaded && loaded->front());
    return **loaded->begin();
  }

  class Quiet final : public Telling {
   public:
    bool progress(storage::Progress) override { return ++asked_ <= steps; }
    bool data(std::string) override { return true; }
    bool goes_on() const override { return asked_ <= steps; }
    std::string who() const override { return "uid:7"; }
    std::size_t steps = 1'000'000;  // then it stops

   private:
    std::size_t asked_ = 0;
  };
  Doors doors() {
    Doors doors{*store_, *sealer_, clock_, directory_ / "titip.key", directory_.path(), {}, {}, {}, {"pcare"}};
    doors.person_in = [](const storage::Submission&, const storage::Payload& payload) {
      return nlohmann::json::parse(payload.body).value("nik", "");
    };
    doors.timeline = [](const storage::Loaded& loaded) {
      return nlohmann::json{{"attempts", loaded.attempts.size()}, {"note", "9901011501900009 ada"}}.dump();
    };
    return doors;
  }
  // As it would come over the wire.
  Ended ask(const Request& request) {
    const auto parsed = parse_request(encode(request));
    EXPECT_TRUE(parsed) << parsed.error().english();
    if (!parsed) return in_trouble(Trouble::usage, parsed.error());
    Quiet telling;
    auto ended = run(*parsed, doors(), telling);
    EXPECT_EQ((ended.sentence.english() + ended.result).find("99010115"), std::string::npos) << ended.result;
    return ended;
  }
  static nlohmann::json result_of(const Ended& ended) { return nlohmann::json::parse(ended.result, nullptr, false); }
  std::vector<std::string> audited() {
    const auto lines = home_.ask<std::vector<storage::AuditLine>>(
        [&](auto done) { store_->read_audit(1, 1'000, home_, std::move(done)); });
    std::vector<std::string> texts;
    for (const auto& line : *lines) texts.push_back(line.bytes);
    return texts;
  }

  tests::TemporaryDirectory directory_;
  tests::FakeClock clock_;
  storage::WaitingHome home_;
  std::shared_ptr<storage::MemoryKv> kv_ = std::make_shared<storage::MemoryKv>();
  std::unique_ptr<storage::QueueStore> store_;
  std::optional<storage::Sealer> sealer_;
};

}  // namespace titip::admin
