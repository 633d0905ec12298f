// An Intake over the store in memory, and over stores that refuse.
#pragma once

#include <gtest/gtest.h>

#include "gateway/intake/intake.h"
#include "tests/gateway/fakes.h"
#include "tests/gateway/faulty_store.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::intake {

using tests::pcare_vaksin;

inline constexpr std::string_view dose =
    R"({"nik":"3300000000000001","noTiket":"A-01J783G1","dosis":1,"tglVaksin":"2021-08-16","jenisVaksin":"SINOVAC"})";
inline constexpr std::string_view other_dose =
    R"({"nik":"3300000000000001","noTiket":"A-01J783G1","dosis":1,"tglVaksin":"2021-08-16","jenisVaksin":"MODERNA"})";

class IntakeTest : public testing::Test {
 protected:
  IntakeTest()
      : store_(storage::open_memory_store(store_options(), storage::Pumping::by_hand)),
        faulty_(*store_),
        intake_({faulty_, home_, *sealer_, clock_, probes_}) {}

  storage::StoreOptions store_options() {
    storage::StoreOptions options;
    options.now = [this] { return clock_.wall(); };
    options.steady = [this] { return clock_.steady(); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    options.writer_queue_submissions = 4;
    return options;
  }

  static Arrival arrival(std::string_view body, std::string_view key = {}, std::string_view route = "vaksin/simpan") {
    Arrival made;
    made.profile = &pcare_vaksin();
    made.route = profile::find_route(pcare_vaksin(), route);
    made.destination = "pcare-vaksin";
    made.facility = "0905R002";
    made.channel = "mount";
    made.method = made.route->method;
    made.target = made.route->path;
    made.content_type = "text/plain";
    made.body = body;
    made.idempotency_key = key;
    return made;
  }

  void run() {
    while (store_->pump() || home_.run()) {
    }
  }

  Answer take(Arrival made) {
    std::optional<Answer> answer;
    intake_.take(std::move(made), [&](Answer given) { answer = std::move(given); });
    run();
    if (!answer) {
      ADD_FAILURE() << "no answer";
      return InDoubt{};
    }
    return std::move(*answer);
  }
  Answer take(std::string_view body, std::string_view key = {}) { return take(arrival(body, key)); }

  // What the answer must be; a failure otherwise.
  static InCustody custody(Answer answer) {
    if (auto* taken = std::get_if<InCustody>(&answer)) return std::move(*taken);
    const auto* refused = std::get_if<Refused>(&answer);
    ADD_FAILURE() << "not in custody: " << (refused ? refused->title.english() : "in doubt");
    return {};
  }
  static Refused refusal(Answer answer) {
    if (auto* refused = std::get_if<Refused>(&answer)) return std::move(*refused);
    ADD_FAILURE() << "not refused";
    return {};
  }
  std::uint64_t accepted() const {
    std::uint64_t sum = 0;
    for (const auto& [name, counts] : store_->counts().destinations) sum += counts.accepted;
    return sum;
  }
  bool counted(std::string_view outcome, int times) {
    return registry_.expose().contains(R"(titip_submissions_received_total{channel="mount",outcome=")" +
                                       std::string(outcome) + "\"} " + std::to_string(times));
  }

  storage::Loaded load(const storage::SubmissionId& id) {
    storage::Loaded found;
    store_->load({{id, true, true, true}}, home_, [&](auto loaded) {
      ASSERT_TRUE(loaded && loaded->front());
      found = std::move(*loaded->front());
    });
    run();
    return found;
  }

  // As delivery would: opened, then settled.
  void settle(const storage::Submission& record, storage::Event event, std::optional<storage::KeptReply> reply) {
    const std::uint64_t epoch = store_->health().epoch;
    store_->open_attempts({{record.id, record.version, {}, epoch}}, home_, [](const auto&) {});
    storage::Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = event;
    const auto key = (*sealer_).unwrap(record.id, record.wrapped_key);
    if (reply) settlement.reply = (*sealer_).seal(*key, record.id, "reply", encode(*reply));
    store_->settle({settlement}, home_, [](const auto& changed) {
      ASSERT_TRUE(changed && changed->front().applied == storage::Applied::yes);
    });
    run();
  }

  void erase(const storage::SubmissionId& id) {
    store_->erase({id}, home_, [](const auto& erased) {
      ASSERT_TRUE(erased && erased->front().kind != storage::Erased::Kind::not_there);
    });
    run();
  }

  tests::FakeClock clock_;
  tests::FakeHome home_;
  tests::TestSealer sealer_;
  metrics::Registry registry_;
  metrics::IntakeProbes probes_{registry_};
  std::unique_ptr<storage::MemoryStore> store_;
  tests::FaultyStore faulty_;
  Intake intake_;
};

}  // namespace titip::intake
