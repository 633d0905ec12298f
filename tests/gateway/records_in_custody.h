// Puts records into a store as intake does, and ends them as delivery does: what tests of lists and receipts look at.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/kept_reply.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "storage/veil.h"
#include "tests/gateway/fakes.h"

namespace titip::tests {

class RecordsInCustody {
 public:
  RecordsInCustody(storage::Store& store, storage::Home& home, const storage::Sealer& sealer, std::function<void()> run)
      : store_(store), home_(home), sealer_(sealer), run_(std::move(run)) {}

  struct Wanted {
    std::string destination = "pcare-vaksin";
    std::string facility = "0905R002";
    std::string route = "vaksin/simpan";
    std::string body = R"({"nik":"3300000000000001","nama":"Budi"})";
    clock::WallTime at = morning;
    std::string receipt = {};  // empty: as intake makes it
  };
  storage::Submission put(const Wanted& wanted) {
    storage::NewSubmission made;
    auto& record = made.submission;
    record.id = storage::SubmissionId::make(wanted.at);
    record.destination = wanted.destination;
    record.facility = wanted.facility;
    record.route = wanted.route;
    record.accepted_at = wanted.at;
    record.receipt =
        wanted.receipt.empty() ? storage::veil(sealer_, storage::receipt_domain, record.id).text() : wanted.receipt;
    record.ordering_key = sealer_.keyed_hash("ordering", {record.id.text()});
    record.fingerprint = record.ordering_key;
    auto key = sealer_.new_data_key(record.id);
    record.wrapped_key = key.wrapped;
    made.payload = sealer_.seal(
        key.key, record.id, "payload",
        encode(storage::Payload{"POST", "/vaksin/simpan", "application/json", wanted.body, "the clinic's password"}));
    std::vector<storage::NewSubmission> batch;
    const auto id = record.id;
    batch.push_back(std::move(made));
    store_.accept(std::move(batch), home_, [](const auto& verdicts) { ASSERT_TRUE(verdicts.has_value()); });
    run_();
    return load(id);
  }

  // Sent and answered with these words.
  storage::Submission settle(const storage::Submission& record, storage::Event event, std::string_view words = {},
                             int http_status = 412) {
    const auto epoch = store_.health().epoch;
    store_.open_attempts({{record.id, record.version, {}, epoch}}, home_, [](const auto&) {});
    storage::Settlement settlement;
    settlement.epoch = epoch;
    settlement.id = record.id;
    settlement.expected_version = record.version + 1;
    settlement.event = event;
    settlement.attempt.ended_at = record.accepted_at + std::chrono::seconds(5);
    settlement.attempt.outcome =
        event == storage::Event::delivered ? storage::Outcome::delivered : storage::Outcome::rejected;
    settlement.attempt.http_status = static_cast<std::uint16_t>(http_status);
    settlement.attempt.rule = "precondition";
    const auto key = sealer_.unwrap(record.id, record.wrapped_key);
    if (!words.empty()) {
      settlement.attempt.note = sealer_.seal(*key, record.id, "note", words);
      settlement.reply = sealer_.seal(*key, record.id, "reply",
                                      encode(storage::KeptReply{http_status, "application/json", std::string(words)}));
    }
    store_.settle({settlement}, home_, [](const auto& changed) {
      ASSERT_TRUE(changed && changed->front().applied == storage::Applied::yes);
    });
    run_();
    return load(record.id);
  }

  storage::Submission hold(const storage::Submission& record, storage::HoldReason reason) {
    storage::Transition hold;
    hold.id = record.id;
    hold.expected_state = record.state;
    hold.expected_version = record.version;
    hold.hold_reason = reason;
    store_.transition({hold}, home_, [](const auto& changed) {
      ASSERT_TRUE(changed && changed->front().applied == storage::Applied::yes);
    });
    run_();
    return load(record.id);
  }

  storage::Submission load(const storage::SubmissionId& id) {
    storage::Submission found;
    store_.load({{id, false, false, false}}, home_, [&](auto loaded) {
      ASSERT_TRUE(loaded && loaded->front());
      found = std::move(loaded->front()->submission);
    });
    run_();
    return found;
  }

 private:
  storage::Store& store_;
  storage::Home& home_;
  const storage::Sealer& sealer_;
  std::function<void()> run_;
};

}  // namespace titip::tests
