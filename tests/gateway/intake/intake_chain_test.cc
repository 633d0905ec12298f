// Records that quote each other's numbers, from the first of them to the last.
#include "tests/gateway/intake/chain_fixture.h"

namespace titip::intake {
namespace {

using storage::State;

const std::vector<std::string> day_and_poli{"2026-08-15", "001"};

storage::Payload opened(const storage::Sealer& sealer, const storage::Loaded& loaded) {
  const auto key = sealer.unwrap(loaded.submission.id, loaded.submission.wrapped_key);
  const auto plain = sealer.open(*key, loaded.submission.id, "payload", loaded.payload);
  return storage::decode_payload(plain.value_or("")).value_or(storage::Payload{});
}

TEST_F(ChainTest, a_registration_is_given_a_provisional_number) {
  draws_ = {42};
  const auto first = taken(registration("0001"));
  EXPECT_EQ(first.numbers, (profile::Numbers{{"noUrut", "T240"}}));
  EXPECT_EQ(first.submission.references.size(), 1U);
  EXPECT_EQ(first.submission.provides.size(), 1U);
  EXPECT_EQ(profile::acknowledgement_response(profile_.routes[0].acknowledgement, "r", "i", first.numbers),
            R"({"field":"noUrut","message":"T240"})");
  EXPECT_EQ(opened(*sealer_, load(first.submission.id)).provisional,
            (std::vector<std::pair<std::string, std::string>>{{"noUrut", "T240"}}));
  const auto visit = taken(arrival_at("kunjungan", person("0002")));
  EXPECT_EQ(visit.numbers.at("noKunjungan"), "0114A0260826T100000") << "the month is the record's own";
}

TEST_F(ChainTest, a_replay_is_given_the_same_number_again) {
  const auto first = taken(registration("0001"));
  for (int i = 0; i < 3; ++i) {
    const auto again = taken(registration("0001"));
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.numbers, first.numbers);
  }
  settle(load(first.submission.id).submission, storage::Event::rejected, storage::KeptReply{412, "x/y", "no"});
  const auto after = taken(registration("0001"));
  EXPECT_FALSE(after.replayed) << "a rejected one leaves its key free";
  EXPECT_NE(after.numbers, first.numbers);
}

TEST_F(ChainTest, a_replay_after_the_end_tells_the_national_answer) {
  const auto first = taken(registration("0001"));
  deliver(first, "noUrut", day_and_poli, "A7", storage::KeptReply{201, "application/json", R"({"x":"A7"})"});
  const auto again = taken(registration("0001"));
  ASSERT_TRUE(again.national);
  EXPECT_EQ(again.national->body, R"({"x":"A7"})");
}

// Retention took payload and reply; the number outlives them, for clinics keep it for years.
TEST_F(ChainTest, a_replay_of_what_was_erased_is_given_the_real_number) {
  const auto first = taken(registration("0001"));
  deliver(first, "noUrut", day_and_poli, "A7", storage::KeptReply{201, "application/json", R"({"x":"A7"})"});
  clock_.advance(std::chrono::hours(1));
  storage::Retained retained;
  storage::Retain what;
  what.settled_before = clock_.wall();
  store_->retain(what, home_, [&](const auto& done) { retained = done.value(); });
  run();
  const auto again = taken(registration("0001"));
  EXPECT_TRUE(again.replayed);
  ASSERT_TRUE(again.submission.content_erased) << retained.erased;
  EXPECT_FALSE(again.national);
  EXPECT_EQ(again.numbers, (profile::Numbers{{"noUrut", "A7"}}));
}

TEST_F(ChainTest, no_two_are_given_the_same_number) {
  draws_ = {5, 5, 5, 6};
  const auto first = taken(registration("0001"));
  const auto second = taken(registration("0002"));
  EXPECT_EQ(first.numbers.at("noUrut"), "T500");
  EXPECT_EQ(second.numbers.at("noUrut"), "T600") << "the store knew the other";
  // Both on their way at once: the store knows of neither.
  draws_ = {7, 7, 8};
  std::vector<InCustody> both;
  for (const auto* card : {"0003", "0004"})
    chained_.take(registration(card), [&](Answer given) { both.push_back(custody(std::move(given))); });
  run();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].numbers.at("noUrut"), "T700");
  EXPECT_EQ(both[1].numbers.at("noUrut"), "T800");
  // Of another day, another facility or another kind it is another number.
  draws_ = {5, 5};
  auto elsewhere = registration("0005");
  elsewhere.facility = "0114A027";
  EXPECT_EQ(taken(std::move(elsewhere)).numbers.at("noUrut"), "T500");
  auto tomorrow = registration("0006");
  tomorrow.body = R"({"noKartu":"0006","tglDaftar":"16-08-2026","kdPoli":"001"})";
  EXPECT_EQ(taken(std::move(tomorrow)).numbers.at("noUrut"), "T500");
}

TEST_F(ChainTest, where_the_digits_are_used_up_letters_stand_in_a_number) {
  for (std::uint64_t digits = 0; digits < 1000; ++digits) {
    draws_ = {digits};
    ASSERT_EQ(taken(registration(std::to_string(digits))).numbers.size(), 1U);
  }
  const auto more = taken(registration("more"));
  const auto number = more.numbers.at("noUrut");
  EXPECT_EQ(number.size(), 4U) << number;
  EXPECT_NE(number.find_first_of("ABCDEFGHJKMNPQRSTVWXYZ", 1), std::string::npos) << number;
  EXPECT_EQ(taken(unregistration(number)).cancelled, (std::vector{more.submission.id})) << "it is one of ours";
  EXPECT_EQ(refused(unregistration("TZZZ")).type, "unknown-reference");
}

TEST_F(ChainTest, where_no_number_is_free_nothing_is_stored) {
  draws_ = {5};
  taken(registration("0001"));
  draws_.assign(100, 5);
  const auto refused_one = refused(registration("0002"));
  EXPECT_EQ(refused_one.status, 503);
  EXPECT_EQ(refused_one.type, "numbers-exhausted");
  EXPECT_GT(refused_one.retry_after_s, 0);
  EXPECT_EQ(accepted(), 1U);
  draws_.clear();
  EXPECT_EQ(taken(registration("0002")).numbers.size(), 1U) << "what it held was given back";
}

TEST_F(ChainTest, a_visit_waits_for_its_registration_if_that_is_in_custody) {
  const auto registered = taken(registration("0001"));
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  EXPECT_EQ(visit.submission.state, State::blocked);
  EXPECT_EQ(taken(arrival_at("kunjungan", person("0002"))).submission.state, State::queued)
      << "the server may know that one";
  deliver(registered, "noUrut", day_and_poli, "A7");
  EXPECT_EQ(load(visit.submission.id).submission.state, State::queued);
}

TEST_F(ChainTest, what_quotes_a_provisional_number_waits_and_stands_in_its_origins_line) {
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  const auto drug = taken(arrival_at("obat", medicine(visit.numbers.at("noKunjungan"))));
  EXPECT_EQ(drug.submission.state, State::blocked);
  EXPECT_EQ(drug.quoted, visit.numbers) << "its acknowledgement may tell the number it was sent";
  EXPECT_EQ(drug.submission.requirements, visit.submission.references);
  EXPECT_EQ(drug.submission.ordering_key, visit.submission.ordering_key);
  EXPECT_EQ(drug.submission.person, visit.submission.person);
  EXPECT_EQ(opened(*sealer_, load(drug.submission.id)).body, medicine(visit.numbers.at("noKunjungan")))
      << "what is stored is what came";
  deliver(visit, "noKunjungan", {}, "0114A0260815Y000003");
  EXPECT_EQ(load(drug.submission.id).submission.state, State::queued);
}

TEST_F(ChainTest, the_provisional_and_the_real_number_are_the_same_thing) {
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  const auto provisional = visit.numbers.at("noKunjungan");
  const auto drug = taken(arrival_at("obat", medicine(provisional), "key-1"));
  const std::string real = "0114A0260815Y000003";
  deliver(visit, "noKunjungan", {}, real);
  for (const auto* key : {"key-1", "", "key-2"}) {
    for (const auto& number : {provisional, real}) {
      const auto again = taken(arrival_at("obat", medicine(number), key));
      EXPECT_TRUE(again.replayed) << number << " " << key;
      EXPECT_EQ(again.quoted.at("noKunjungan"), number) << "as this request wrote it";
      EXPECT_EQ(again.submission.id, drug.submission.id) << number << " " << key;
    }
  }
  const auto other = taken(arrival_at("obat", medicine(real, "B")));
  EXPECT_FALSE(other.replayed);
  EXPECT_EQ(other.submission.ordering_key, visit.submission.ordering_key) << "a real number has its origin too";
  EXPECT_EQ(other.submission.state, State::queued);
  EXPECT_TRUE(other.submission.requirements.empty());
}

TEST_F(ChainTest, a_number_nobody_gave_is_refused_and_a_real_one_passed) {
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  auto elsewhere = arrival_at("obat", medicine(visit.numbers.at("noKunjungan")));
  elsewhere.facility = "0114A027";
  struct Row {
    const char* name;
    Arrival arrival;
    const char* field;
  };
  Row rows[] = {
      {"another facility's", std::move(elsewhere), "/noKunjungan"},
      {"never given", arrival_at("obat", medicine("0114A0260826T999999")), "/noKunjungan"},
      {"in the path", unregistration("T999"), "{noUrut}"},
  };
  for (auto& row : rows) {
    const auto said = refused(std::move(row.arrival));
    EXPECT_EQ(said.status, 412) << row.name;
    EXPECT_EQ(said.type, "unknown-reference") << row.name;
    ASSERT_EQ(said.errors.size(), 1U) << row.name;
    EXPECT_EQ(said.errors[0].pointer, row.field) << row.name;
    EXPECT_FALSE(said.errors[0].sentence.english().contains("T999")) << row.name;
  }
  EXPECT_EQ(accepted(), 1U);
  const auto passed = taken(arrival_at("obat", medicine("0114A0260815Y000009")));
  EXPECT_EQ(passed.submission.state, State::queued);
  EXPECT_TRUE(passed.submission.requirements.empty());
  EXPECT_EQ(taken(unregistration("A7")).submission.state, State::queued);
}

TEST_F(ChainTest, what_quotes_the_number_of_a_rejected_record_is_held) {
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  settle(load(visit.submission.id).submission, storage::Event::rejected, std::nullopt);
  const auto drug = taken(arrival_at("obat", medicine(visit.numbers.at("noKunjungan"))));
  EXPECT_EQ(drug.submission.state, State::held);
  EXPECT_EQ(drug.submission.hold_reason, storage::HoldReason::requirement);
}

TEST_F(ChainTest, a_delete_takes_back_what_still_waits) {
  const auto registered = taken(registration("0001"));
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  const auto done = taken(unregistration(registered.numbers.at("noUrut")));
  EXPECT_EQ(done.submission.state, State::cancelled);
  EXPECT_EQ(done.cancelled, (std::vector{registered.submission.id, visit.submission.id}));
  EXPECT_EQ(load(registered.submission.id).submission.state, State::cancelled);
  EXPECT_EQ(load(visit.submission.id).submission.state, State::cancelled) << "a dependant goes with it";
  EXPECT_TRUE(told("settled", 1));
  EXPECT_FALSE(taken(registration("0001")).replayed) << "it never happened";
}

TEST_F(ChainTest, a_delete_of_what_never_landed_is_done_however_often_it_comes) {
  const auto waiting = taken(registration("0001"));
  const auto refused_one = taken(registration("0002"));
  const auto visit = taken(arrival_at("kunjungan", person("0002")));
  settle(load(refused_one.submission.id).submission, storage::Event::rejected, storage::KeptReply{412, "x/y", "no"});
  ASSERT_EQ(load(visit.submission.id).submission.state, State::held);
  for (const auto* target : {&waiting, &refused_one}) {
    const auto first = taken(unregistration(target->numbers.at("noUrut")));
    EXPECT_EQ(first.submission.state, State::cancelled);
    const auto again = taken(unregistration(target->numbers.at("noUrut")));
    EXPECT_EQ(again.submission.state, State::cancelled);
    EXPECT_EQ(again.submission.outcome_rule, "nothing_to_take_back");
    EXPECT_TRUE(again.cancelled.empty());
    EXPECT_FALSE(again.replayed);
  }
  EXPECT_EQ(load(visit.submission.id).submission.state, State::cancelled) << "a dependant goes with it";
  EXPECT_TRUE(told("settled", 4)) << "answered at once, as done";
  EXPECT_EQ(taken(registration("0002")).submission.state, State::queued);
}

TEST_F(ChainTest, a_delete_of_what_is_on_its_way_queues_behind_it) {
  const auto registered = taken(registration("0001"));
  const auto record = load(registered.submission.id).submission;
  store_->open_attempts({{record.id, record.version, {}, store_->health().epoch}}, home_, [](const auto&) {});
  run();
  const auto behind = taken(unregistration(registered.numbers.at("noUrut")));
  EXPECT_TRUE(behind.cancelled.empty());
  EXPECT_EQ(behind.submission.state, State::blocked) << "until its number is known";
  EXPECT_EQ(behind.submission.ordering_key, registered.submission.ordering_key);
}

TEST_F(ChainTest, a_delete_of_what_was_delivered_is_sent) {
  const auto registered = taken(registration("0001"));
  deliver(registered, "noUrut", day_and_poli, "A7");
  for (const auto& number : {registered.numbers.at("noUrut"), std::string("A7")}) {
    const auto sent = taken(unregistration(number));
    EXPECT_EQ(sent.submission.state, State::queued) << number;
    EXPECT_TRUE(sent.cancelled.empty()) << number;
    EXPECT_EQ(sent.submission.ordering_key, registered.submission.ordering_key) << number;
  }
}

// The clinic registers somebody, takes that back, and registers him again with the very same body.
TEST_F(ChainTest, what_was_delivered_and_taken_back_is_sent_when_it_comes_again) {
  const auto first = taken(registration("0001"));
  deliver(first, "noUrut", day_and_poli, "A7");
  deliver(taken(arrival_at("kunjungan", person("0001"))), "noKunjungan", {}, "0114A0260815Y000003");
  for (const auto* number : {"A7", "A8"}) {
    EXPECT_TRUE(taken(registration("0001")).replayed) << number;
    const auto undone = taken(unregistration(number));
    EXPECT_TRUE(taken(registration("0001")).replayed) << "it is still there: " << number;
    settle(load(undone.submission.id).submission, storage::Event::delivered, std::nullopt);
    EXPECT_EQ(load(first.submission.id).submission.state, State::delivered);

    const auto again = taken(registration("0001"));
    EXPECT_FALSE(again.replayed) << number;
    EXPECT_EQ(again.submission.state, State::queued) << number;
    EXPECT_TRUE(again.submission.due_at) << "it is sent";
    EXPECT_NE(again.numbers, first.numbers) << "under a number of its own";
    EXPECT_TRUE(taken(registration("0001")).replayed) << "once";
    deliver(again, "noUrut", day_and_poli, number == std::string("A7") ? "A8" : "A9");
  }
  EXPECT_TRUE(taken(arrival_at("kunjungan", person("0001"))).replayed) << "the visit was not taken back";
}

TEST_F(ChainTest, a_delete_that_is_refused_leaves_the_registration_as_it_was) {
  const auto first = taken(registration("0001"));
  deliver(first, "noUrut", day_and_poli, "A7");
  const auto undone = taken(unregistration("A7"));
  settle(load(undone.submission.id).submission, storage::Event::rejected, std::nullopt);
  const auto again = taken(registration("0001"));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.submission.id, first.submission.id);
}

TEST_F(ChainTest, a_store_that_cannot_look_numbers_up_is_told_and_nothing_is_stored) {
  faulty_.references_error = storage::Error::overloaded;
  EXPECT_EQ(refused(registration("0001")).type, "overloaded");
  faulty_.references_error = storage::Error::corrupt;
  EXPECT_EQ(refused(registration("0001")).type, "record-damaged");
  faulty_.references_error.reset();
  const auto visit = taken(arrival_at("kunjungan", person("0001")));
  faulty_.load_error = storage::Error::unavailable;
  EXPECT_EQ(refused(arrival_at("obat", medicine(visit.numbers.at("noKunjungan")))).type, "store-unavailable");
  EXPECT_EQ(accepted(), 1U);
}

}  // namespace
}  // namespace titip::intake
