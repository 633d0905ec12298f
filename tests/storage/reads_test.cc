// The contract of the reads and of objects, and what survives closing and opening again, on every engine.
#include "tests/storage/engines.h"

namespace titip::storage {
namespace {

class Reads : public OnEveryEngine {
 protected:
  Submission now_of(std::uint64_t number) { return caller->load(id_of(number)).submission; }
};
INSTANTIATE_TEST_SUITE_P(Engines, Reads, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Reads, LoadAnswersInTheOrderAskedAndOnlyWhatWasAsked) {
  caller->accept({submission(1, "a"), submission(2, "b")});
  const auto loaded = caller->load({LoadRequest{id_of(2)}, LoadRequest{id_of(9)}, LoadRequest{id_of(1), true}});
  ASSERT_TRUE(loaded.has_value());
  ASSERT_EQ(loaded->size(), 3U);
  EXPECT_EQ(loaded->at(0)->submission.id, id_of(2));
  EXPECT_TRUE(loaded->at(0)->payload.empty());
  EXPECT_FALSE(loaded->at(1).has_value());
  EXPECT_EQ(loaded->at(2)->payload.bytes, "sealed payload 1");
}

TEST_P(Reads, LanesAreThoseWithSomethingInTheDueIndex) {
  caller->accept({submission(1, "a", "clinic-1"), submission(2, "b", "clinic-2"), submission(3, "c", "clinic-2")});
  EXPECT_EQ(caller->lanes(), (std::vector<Lane>{{"pcare", "clinic-1"}, {"pcare", "clinic-2"}}));
  EXPECT_TRUE(caller->lanes("elsewhere").empty());
  caller->finish(now_of(1), Event::delivered);
  EXPECT_EQ(caller->lanes(), (std::vector<Lane>{{"pcare", "clinic-2"}}));
}

TEST_P(Reads, DueAnswersOldestFirstUpToTheLimit) {
  std::vector<NewSubmission> batch;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    batch.push_back(submission(i, "person " + std::to_string(i)));
    batch.back().submission.accepted_at = at(noon_ms - static_cast<std::int64_t>(i));  // the last came in first
  }
  caller->accept(std::move(batch));
  const auto due = caller->due("clinic-1", DueClass::send, at(noon_ms), 5);
  ASSERT_EQ(due.items.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(due.items[i].submission.id, id_of(20 - i));
  EXPECT_FALSE(due.next_due_at.has_value());
  EXPECT_EQ(caller->due("clinic-1", DueClass::send, at(noon_ms), 0).items.size(), 0U);
  EXPECT_EQ(caller->due("clinic-1", DueClass::send, at(noon_ms - 11)).items.size(), 10U);
  EXPECT_EQ(caller->due("clinic-1", DueClass::send, at(noon_ms - 11)).next_due_at, at(noon_ms - 10));
}

TEST_P(Reads, ALaneIsNotMistakenForOneThatBeginsLikeIt) {
  caller->accept({submission(1, "a", "clinic"), submission(2, "b", "clinic-1"), submission(3, "c", "")});
  EXPECT_EQ(caller->due("clinic").items.size(), 1U);
  EXPECT_EQ(caller->due("clinic-1").items.size(), 1U);
  EXPECT_EQ(caller->due("").items.size(), 1U);
}

TEST_P(Reads, ObjectsAreComparedAndSet) {
  const auto put = [&](std::optional<std::uint64_t> expected, std::string bytes) {
    return caller->put_objects({PutObject{"gate", "clinic-1", expected, std::move(bytes)}}).value().at(0);
  };
  EXPECT_EQ(put(3, "too early"), Applied::stale);
  EXPECT_EQ(put(0, "first"), Applied::yes);
  EXPECT_EQ(put(0, "not new"), Applied::stale);
  EXPECT_EQ(put(1, "second"), Applied::yes);
  EXPECT_EQ(put(std::nullopt, "third"), Applied::yes);
  const auto got = caller->get_object("gate", "clinic-1").value();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->version, 3U);
  EXPECT_EQ(got->bytes, "third");
  EXPECT_EQ(put(3, ""), Applied::yes);
  EXPECT_FALSE(caller->get_object("gate", "clinic-1").value().has_value());
}

TEST_P(Reads, ObjectsAreListedByKind) {
  caller->put_objects({{"gate", "b", {}, "2"}, {"gate", "a", {}, "1"}, {"gates", "c", {}, "3"}});
  const auto listed = caller->list_objects("gate").value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].first, "a");
  EXPECT_EQ(listed[1].second.bytes, "2");
  EXPECT_TRUE(caller->list_objects("gat").value().empty());
}

TEST_P(Reads, EverythingSurvivesOpeningAgain) {
  caller->accept({submission(1, "a"), submission(2, "a"), submission(3, "b"), submission(4, "c", "clinic-2")});
  caller->finish(now_of(3), Event::delivered);
  auto held = transition_of(now_of(4), Event::hold);
  caller->transition(held);
  caller->put_objects({{"gate", "a", {}, "closed"}});
  const auto before = store->counts().destinations.at("pcare");
  const auto epoch = store->health().epoch;

  reopen();
  EXPECT_EQ(store->health().epoch, epoch + 1);
  EXPECT_EQ(store->health().last_position, 4U);
  EXPECT_EQ(store->health().found_open_attempts, 0U);
  EXPECT_TRUE(store->health().writable);
  const auto after = store->counts().destinations.at("pcare");
  EXPECT_EQ(after.by_state, before.by_state);
  EXPECT_EQ(after.accepted, 4U);
  EXPECT_EQ(after.payload_bytes_pending, before.payload_bytes_pending);
  EXPECT_EQ(caller->lanes(), (std::vector<Lane>{{"pcare", "clinic-1"}}));
  ASSERT_EQ(caller->due().items.size(), 1U);
  EXPECT_EQ(caller->due().items[0].submission.id, id_of(1));
  EXPECT_EQ(now_of(4).state, State::held);
  EXPECT_EQ(caller->get_object("gate", "a").value()->bytes, "closed");
  EXPECT_EQ(caller->accept(submission(5, "z")).submission.position, 5U);
}

TEST_P(Reads, AnAttemptThatWasOpenIsUnknownAfterOpeningAgain) {
  caller->accept({submission(1, "a"), submission(2, "a"), submission(3, "b")});
  caller->open_attempt(now_of(1), at(noon_ms - 7));
  now = at(noon_ms + 60'000);
  reopen();
  EXPECT_EQ(store->health().found_open_attempts, 1U);
  const auto loaded = caller->load(id_of(1));
  EXPECT_EQ(loaded.submission.state, State::unknown);
  EXPECT_EQ(loaded.submission.unknown_since, now);
  EXPECT_EQ(loaded.submission.unknown_attempts, 1U);
  EXPECT_EQ(loaded.submission.outcome_rule, "restart");
  ASSERT_EQ(loaded.attempts.size(), 1U);
  EXPECT_EQ(loaded.attempts[0].outcome, Outcome::unknown);
  EXPECT_EQ(loaded.attempts[0].rule, "restart");
  EXPECT_EQ(loaded.attempts[0].opened_at, at(noon_ms - 7));
  EXPECT_EQ(loaded.attempts[0].ended_at, now);
  EXPECT_EQ(caller->due("clinic-1", DueClass::probe, now).items.size(), 1U);
  EXPECT_EQ(caller->due("clinic-1", DueClass::send, now).items.size(), 1U) << "the other person's";
  reopen();
  EXPECT_EQ(store->health().found_open_attempts, 0U) << "settled once";
  EXPECT_EQ(caller->load(id_of(1)).attempts.size(), 1U);
}

}  // namespace
}  // namespace titip::storage
