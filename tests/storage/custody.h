// Records as intake makes them: sealed under keys of their own, known by keyed hashes. Synthetic people only.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "storage/key_rotation.h"
#include "storage/payload.h"
#include "storage/persons.h"
#include "storage/sealing.h"
#include "storage/waiting_home.h"
#include "tests/storage/engines.h"

namespace titip::storage {

inline std::string number_of_person(int person) {
  return fmt::format("990101150190{:04}", person);
}
inline std::string body_of_record(int person, int record) {
  return fmt::format(R"({{"nik":"{}","nama":"Orang Uji {}","dosis":{}}})", number_of_person(person), person, record);
}
inline SubmissionId id_of_record(int record) {
  SubmissionId id = id_of(static_cast<std::uint64_t>(record));
  const SubmissionId timed = SubmissionId::make(at(noon_ms - 1'000'000 + record));
  std::copy_n(timed.bytes.begin(), 6, id.bytes.begin());
  return id;
}

inline NewSubmission sealed_submission(const Sealer& sealer, int record, int person) {
  NewSubmission made = submission(static_cast<std::uint64_t>(record));
  Submission& s = made.submission;
  const std::string number = number_of_person(person);
  const std::string body = body_of_record(person, record);
  s.id = id_of_record(record);
  s.ordering_key = sealer.keyed_hash("ordering", {"pcare", "clinic-1", number});
  s.natural_key = sealer.keyed_hash("natural", {"pcare", number, std::to_string(record)});
  s.fingerprint = sealer.keyed_hash("fingerprint", {body});
  s.person = person_hash(sealer, number);
  made.idempotency_key = sealer.keyed_hash("idempotency", {"pcare", "clinic-1", fmt::format("visit {}", record)});
  NewDataKey key = sealer.new_data_key(s.id);
  s.wrapped_key = std::move(key.wrapped);
  made.payload = sealer.seal(key.key, s.id, "payload",
                             encode(Payload{"POST", "/vaksin/simpan", "application/json", body, "opaque"}));
  return made;
}

// The clinic sends the same again: everything as before but a new id and a new data key.
inline NewSubmission sent_again(const Sealer& sealer, int record, int person) {
  NewSubmission again = sealed_submission(sealer, record, person);
  again.submission.id = id_of_record(record + 500'000);
  return again;
}

// The body as it opens with this key file; empty: it does not.
inline std::string opened_body(const Sealer& sealer, const Loaded& loaded) {
  const auto key = sealer.unwrap(loaded.submission.id, loaded.submission.wrapped_key);
  const auto plain = key ? sealer.open(*key, loaded.submission.id, "payload", loaded.payload) : std::nullopt;
  const auto payload = plain ? decode_payload(*plain) : std::nullopt;
  return payload ? payload->body : std::string();
}

class CustodyOnEveryEngine : public OnEveryEngine {
 protected:
  void SetUp() override {
    OnEveryEngine::SetUp();
    sealer = std::make_unique<Sealer>(Sealer::open(key_file, true).value());
  }
  // As after a crash: the store and the key file, read again.
  void start_again() {
    reopen();
    sealer = std::make_unique<Sealer>(Sealer::open(key_file, false).value());
  }
  Verdict accept(int record, int person) { return caller->accept(sealed_submission(*sealer, record, person)); }
  Verdict accept_again(int record, int person) { return caller->accept(sent_again(*sealer, record, person)); }
  Submission now_of(int record) { return caller->load(id_of_record(record)).submission; }

  // Settled as delivery does it: with a reply and a note, sealed under the record's own key.
  void finish(int record, Event event) {
    const Submission before = now_of(record);
    ASSERT_EQ(caller->open_attempt(before).applied, Applied::yes);
    Settlement settlement = storage::settlement(before, event, 1);
    const auto key = sealer->unwrap(before.id, before.wrapped_key);
    ASSERT_TRUE(key.has_value());
    settlement.reply = sealer->seal(*key, before.id, "reply",
                                    encode(KeptReply{200, "application/json", "jawaban untuk " + before.receipt}));
    settlement.attempt.note = sealer->seal(*key, before.id, "note", "catatan " + before.receipt);
    ASSERT_EQ(caller->settle(settlement).applied, Applied::yes);
  }

  Directory directory;
  const std::filesystem::path key_file = directory.path() / "key";
  std::unique_ptr<Sealer> sealer;
  WaitingHome home{[this] { return pump(); }};
};

}  // namespace titip::storage
