// Levers on single records: what the tables allow is done and linked, what they refuse is said, and all is in the log.
#include "gateway/admin/act.h"

#include "storage/veil.h"
#include "tests/gateway/admin/queue_fixture.h"

namespace titip::admin {
namespace {

using storage::Event;
using storage::HoldReason;
using storage::State;

class ActTest : public QueueFixture {
 protected:
  Ended act_on(Command command, const std::string& id, bool dry_run = false, bool not_landed = false) {
    Request request;
    request.command = command;
    request.reason = "uji";
    request.dry_run = dry_run;
    request.queue.id = id;
    request.not_landed = not_landed;
    return ask(request);
  }
  std::string refused(Command command, const storage::SubmissionId& id) {
    const auto ended = act_on(command, id.text());
    EXPECT_EQ(ended.trouble, Trouble::failed) << ended.sentence.english();
    return result_of(ended).value("refused", "");
  }
  std::string body_of(const storage::SubmissionId& id) {
    const auto loaded = whole(id);
    const auto key = sealer_->unwrap(id, loaded.submission.wrapped_key);
    return storage::decode_payload(*sealer_->open(*key, id, "payload", loaded.payload))->body;
  }
};

TEST_F(ActTest, a_record_is_held_released_and_cancelled) {
  const auto id = put({}).id;
  EXPECT_EQ(act_on(Command::hold, id.text(), true).sentence.english(), id.text() + " would be held.");
  EXPECT_EQ(load(id).state, State::queued);
  EXPECT_TRUE(audited().empty());
  EXPECT_EQ(act_on(Command::hold, id.text()).sentence.english(), id.text() + " is held.");
  EXPECT_EQ(load(id).state, State::held);
  EXPECT_EQ(load(id).hold_reason, HoldReason::person);
  EXPECT_EQ(refused(Command::hold, id), "held");
  EXPECT_FALSE(act_on(Command::release, id.text()).trouble);
  EXPECT_EQ(load(id).state, State::queued);
  EXPECT_EQ(load(id).due_at, clock_.wall());
  EXPECT_FALSE(act_on(Command::cancel, load(id).receipt).trouble) << "by its receipt code";
  EXPECT_EQ(load(id).state, State::cancelled);
  EXPECT_EQ(refused(Command::cancel, id), "cancelled");
  EXPECT_EQ(refused(Command::release, id), "cancelled");
  EXPECT_EQ(refused(Command::requeue, id), "cancelled");
  const auto lines = audited();
  ASSERT_EQ(lines.size(), 14U) << "two for each";
  EXPECT_TRUE(lines[0].contains("\"action\":\"hold\",\"phase\":\"begun\",\"by\":\"uid:7\",\"reason\":\"uji\""));
  EXPECT_TRUE(lines[0].contains(id.text()));
  EXPECT_TRUE(lines[1].contains("\"phase\":\"ended\""));
  EXPECT_TRUE(lines[3].contains("\"outcome\":\"failed\""));
}

TEST_F(ActTest, what_is_on_its_way_is_left_alone) {
  const auto record = put({});
  const auto epoch = store_->health().epoch;
  static_cast<void>(home_.ask<std::vector<storage::Changed>>(
      [&](auto done) { store_->open_attempts({{record.id, record.version, {}, epoch}}, home_, std::move(done)); }));
  for (const auto command : {Command::hold, Command::release, Command::cancel, Command::requeue})
    EXPECT_EQ(refused(command, record.id), "in_flight");
  EXPECT_EQ(load(record.id).state, State::in_flight);
  const auto unknown = settled(put({}), Event::went_unknown, "response_timeout");
  for (const auto command : {Command::hold, Command::cancel, Command::requeue})
    EXPECT_EQ(refused(command, unknown.id), "unknown");
}

TEST_F(ActTest, a_rejected_record_is_sent_again_as_a_new_one) {
  const auto old = rejected({.natural = true});
  const auto ended = act_on(Command::requeue, old.id.text());
  ASSERT_FALSE(ended.trouble) << ended.sentence.english();
  const auto id = storage::SubmissionId::parse(result_of(ended).at("other").get<std::string>());
  ASSERT_TRUE(id);
  const auto made = load(*id);
  EXPECT_EQ(made.state, State::queued);
  EXPECT_EQ(made.replaces, old.id);
  EXPECT_EQ(made.ordering_key, old.ordering_key);
  EXPECT_EQ(made.natural_key, old.natural_key);
  EXPECT_EQ(made.person, old.person);
  EXPECT_EQ(made.fingerprint, old.fingerprint);
  EXPECT_EQ(made.attempts, 0U);
  EXPECT_NE(made.receipt, old.receipt);
  EXPECT_EQ(made.receipt, storage::veil(*sealer_, storage::receipt_domain, *id).text());
  EXPECT_EQ(body_of(*id), body_of(old.id));
  const auto now = load(old.id);
  EXPECT_EQ(now.state, State::rejected);
  EXPECT_EQ(now.replaced_by, *id);
  EXPECT_EQ(refused(Command::requeue, old.id), "replaced_before");
  // The one that was made may itself be rejected, and sent again.
  settled(made, Event::rejected, "precondition");
  EXPECT_FALSE(act_on(Command::requeue, id->text()).trouble);
}

TEST_F(ActTest, what_must_not_go_again_does_not) {
  const auto old = rejected({.natural = true});
  const auto later = put({.body = R"({"nik":"9901011501900001","dosis":2})", .natural = true});
  EXPECT_EQ(refused(Command::requeue, old.id), "conflict");
  EXPECT_EQ(load(old.id).replaced_by, std::nullopt);
  EXPECT_EQ(refused(Command::requeue, later.id), "queued");
  EXPECT_EQ(refused(Command::requeue, rejected({.destination = "gone"}).id), "no_destination");
  const auto erased = rejected({.person = "9901011501900003"});
  static_cast<void>(
      home_.ask<std::vector<storage::Erased>>([&](auto done) { store_->erase({erased.id}, home_, std::move(done)); }));
  EXPECT_EQ(refused(Command::requeue, erased.id), "content_erased");
  EXPECT_EQ(refusal_words("in_flight").english(), "it is in_flight");
}

TEST_F(ActTest, an_expired_record_that_may_have_landed_needs_a_persons_word) {
  auto record = settled(put({}), Event::went_unknown, "response_timeout");
  record = given_up(record);
  ASSERT_EQ(record.state, State::held);
  // A held one that may have landed expires only by a restore's leave; the rule is looked at by itself.
  storage::Loaded loaded{record, {}, {}, {}};
  loaded.submission.state = State::expired;
  EXPECT_EQ(refusal_of({Command::requeue, false}, loaded, doors()), "may_have_landed");
  EXPECT_EQ(refusal_of({Command::requeue, true}, loaded, doors()), "");
}

TEST_F(ActTest, a_held_record_that_may_have_landed_is_given_up_by_a_persons_word_alone) {
  auto record = given_up(settled(put({.natural = true}), Event::went_unknown, "response_timeout"));
  ASSERT_EQ(record.state, State::held);
  ASSERT_EQ(record.hold_reason, HoldReason::unknown);
  EXPECT_EQ(refused(Command::cancel, record.id), "may_have_landed");
  EXPECT_TRUE(act_on(Command::cancel, record.id.text()).sentence.english().contains("--not-landed"));
  EXPECT_EQ(load(record.id).state, State::held);
  EXPECT_TRUE(act_on(Command::cancel, record.id.text(), true, true).sentence.english().contains("would be cancelled"));
  EXPECT_FALSE(act_on(Command::cancel, record.id.text(), false, true).trouble);
  EXPECT_EQ(load(record.id).state, State::cancelled);
  // What it stands for stays bound all the same.
  const auto again = home_.ask<std::vector<storage::Verdict>>([&](auto done) {
    store_->accept({made({.body = R"({"nik":"9901011501900001","dosis":2})", .natural = true})}, home_,
                   std::move(done));
  });
  EXPECT_EQ(again->front().kind, storage::VerdictKind::conflict);
  EXPECT_TRUE(audited().at(audited().size() - 2).contains("\"not_landed\":true"));
  // One that was released and came to rest as held by a person is another thing.
  const auto sound = put({});
  act_on(Command::hold, sound.id.text());
  EXPECT_FALSE(act_on(Command::cancel, sound.id.text()).trouble);
}

TEST_F(ActTest, what_goes_with_a_cancelled_one_is_foretold_and_counted) {
  const auto alone = put({});
  EXPECT_EQ(result_of(act_on(Command::cancel, alone.id.text(), true)).at("goes_with_at_most"), 0);
  const auto person = put({.provides = "person"});
  const auto dose = put({.provides = "dose", .needs = "person"});
  const auto second = put({.needs = "dose"});
  ASSERT_EQ(load(dose.id).state, State::blocked);
  const auto foreseen = act_on(Command::cancel, person.id.text(), true);
  EXPECT_EQ(result_of(foreseen).at("goes_with_at_most"), 2);
  EXPECT_TRUE(foreseen.sentence.english().contains("2 records at most")) << foreseen.sentence.english();
  EXPECT_EQ(result_of(act_on(Command::cancel, second.id.text(), true)).at("goes_with_at_most"), 0) << "nobody needs it";
  const auto ended = act_on(Command::cancel, person.id.text());
  EXPECT_EQ(result_of(ended).at("cancelled").size(), 2U);
  EXPECT_EQ(load(second.id).state, State::cancelled);
}

TEST_F(ActTest, nobody_is_told_apart_by_a_wrong_name) {
  EXPECT_EQ(act_on(Command::hold, "01ARZ3NDEKTSV4RRFFQ69G5FAV").trouble, Trouble::not_found);
  EXPECT_EQ(act_on(Command::hold, "x").trouble, Trouble::not_found);
}

}  // namespace
}  // namespace titip::admin
