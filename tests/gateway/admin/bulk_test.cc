// Levers on all that a filter fits: counted before, done once each, whatever cuts them short, and who was refused is
// listed.
#include "gateway/admin/bulk.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/gateway/admin/queue_fixture.h"
#include "tests/storage/forwarding_store.h"

namespace titip::admin {
namespace {

using nlohmann::json;
using storage::Event;
using storage::State;

// Does what it is told and then says that nobody knows: as if the process had died between two commits.
class DyingStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void accept(std::vector<storage::NewSubmission> batch, storage::Home& home,
              storage::Done<std::vector<storage::Verdict>> done) override {
    const bool dies = --accepts_left == 0;
    ForwardingStore::accept(std::move(batch), home, [done = std::move(done), dies](auto verdicts) mutable {
      if (dies) return done(std::unexpected(storage::Error::in_doubt));
      done(std::move(verdicts));
    });
  }
  int accepts_left = 0;  // 0: never
};

class BulkTest : public QueueFixture {
 protected:
  Request request(Command command, QueueWords words = {}, bool dry_run = false) {
    Request request;
    request.command = command;
    if (command != Command::bulk_status) request.reason = "sesudah gangguan";
    request.queue = std::move(words);
    request.dry_run = dry_run;
    return request;
  }
  std::vector<storage::SubmissionId> many_rejected(int count) {
    std::vector<storage::SubmissionId> ids;
    for (int at = 0; at < count; ++at)
      ids.push_back(
          rejected({.facility = at % 2 == 0 ? "P0001" : "P0002", .at = tests::morning + std::chrono::milliseconds(at)},
                   at % 5 == 0 ? "not_eligible" : "precondition")
              .id);
    clock_.advance(std::chrono::hours(1));
    return ids;
  }
  std::uint64_t count(State state) {
    return store_->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(state)];
  }
  // Each was sent again once, and no more than once.
  void expect_each_once(const std::vector<storage::SubmissionId>& ids) {
    std::set<storage::SubmissionId> made;
    for (const auto& id : ids) {
      const auto old = load(id);
      ASSERT_TRUE(old.replaced_by);
      EXPECT_EQ(load(*old.replaced_by).replaces, id);
      made.insert(*old.replaced_by);
    }
    EXPECT_EQ(made.size(), ids.size());
    EXPECT_EQ(count(State::queued), ids.size());
  }
};

TEST_F(BulkTest, the_preview_is_exact_and_changes_nothing) {
  many_rejected(20);
  put({});
  const auto count = [&](QueueWords words) {
    const auto ended = ask(request(Command::requeue, std::move(words), true));
    return std::pair(result_of(ended).at("count").get<int>(), result_of(ended).value("from_counts", false));
  };
  EXPECT_EQ(count({.states = {State::rejected}}), std::pair(20, true));
  EXPECT_EQ(count({.destination = "pcare"}), std::pair(20, true)) << "what can be sent again is meant";
  EXPECT_EQ(count({.facility = "P0002"}), std::pair(10, true));
  EXPECT_EQ(count({.rule = "not_eligible"}), std::pair(4, true));
  EXPECT_EQ(count({.day = "2021-08-16"}), std::pair(20, true));
  EXPECT_EQ(count({.destination = "pcare", .facility = "P0001", .rule = "not_eligible", .day = "2021-08-16"}),
            std::pair(2, true));
  const auto at = (tests::morning + std::chrono::milliseconds(5)).time_since_epoch().count();
  EXPECT_EQ(count({.from_ms = at}), std::pair(15, false)) << "by looking";
  EXPECT_EQ(count({.facility = "P0001", .before_ms = at}), std::pair(3, false));
  const auto nobody = ask(request(Command::requeue, {.day = "2021-08-15"}, true));
  EXPECT_EQ(nobody.trouble, Trouble::not_found);
  EXPECT_EQ(this->count(State::queued), 1U);
  EXPECT_TRUE(audited().empty());
}

TEST_F(BulkTest, all_that_fit_are_sent_again_and_no_others) {
  const auto ids = many_rejected(250);
  const auto other = rejected({.destination = "pcare", .facility = "P0003", .at = clock_.wall()});
  const auto ended = ask(request(Command::requeue, {.states = {State::rejected}}));
  EXPECT_FALSE(ended.trouble) << ended.sentence.english();
  EXPECT_FALSE(ended.partial);
  EXPECT_EQ(result_of(ended).at("done"), 250);
  EXPECT_EQ(result_of(ended).at("state"), "done");
  expect_each_once(ids);
  EXPECT_FALSE(load(other.id).replaced_by) << "accepted when the job began: not its work";
  const auto status = ask(request(Command::bulk_status));
  EXPECT_EQ(status.sentence.english(), "requeue of rejected records: 250 done.");
  ASSERT_EQ(audited().size(), 2U);
  EXPECT_TRUE(audited()[0].contains("\"records\":{\"states\":[\"rejected\"]}"));
  EXPECT_TRUE(audited()[1].contains("250 done"));
}

TEST_F(BulkTest, who_is_refused_is_listed_and_the_end_is_partial) {
  many_rejected(3);
  const auto gone = rejected({.destination = "gone"});
  const auto erased = rejected({});
  static_cast<void>(
      home_.ask<std::vector<storage::Erased>>([&](auto done) { store_->erase({erased.id}, home_, std::move(done)); }));
  clock_.advance(std::chrono::hours(1));
  const auto ended = ask(request(Command::requeue, {.states = {State::rejected}}));
  EXPECT_FALSE(ended.trouble);
  EXPECT_TRUE(ended.partial);
  EXPECT_EQ(result_of(ended).at("done"), 3);
  EXPECT_EQ(result_of(ended).at("refused_count"), 2);
  std::map<std::string, std::string> refused;
  for (const auto& each : result_of(ended).at("refused")) refused[each.at("id")] = each.at("why");
  EXPECT_EQ(refused, (std::map<std::string, std::string>{{gone.id.text(), "no_destination"},
                                                         {erased.id.text(), "content_erased"}}));
  EXPECT_EQ(result_of(ask(request(Command::bulk_status))).at("refused").size(), 2U);
  // The next job's list does not hold them.
  clock_.advance(std::chrono::hours(1));
  ask(request(Command::cancel, {.states = {State::queued}}));
  EXPECT_TRUE(result_of(ask(request(Command::bulk_status))).at("refused").empty());
  EXPECT_EQ(count(State::cancelled), 3U);
}

TEST_F(BulkTest, one_that_was_cut_short_goes_on_and_counts_each_once) {
  const auto ids = many_rejected(250);
  Quiet telling;
  telling.steps = 1;
  const auto parsed = parse_request(encode(request(Command::requeue, {.states = {State::rejected}})));
  const auto cut = run(*parsed, doors(), telling);
  EXPECT_EQ(cut.trouble, Trouble::failed);
  EXPECT_TRUE(cut.sentence.english().contains("bulk resume")) << cut.sentence.english();
  EXPECT_EQ(count(State::queued), 2 * BulkPace{}.batch);
  EXPECT_TRUE(has_unfinished_job(*store_));
  EXPECT_EQ(ask(request(Command::hold, {.states = {State::queued}})).trouble, Trouble::busy);
  const auto ended = ask(request(Command::bulk_resume));
  EXPECT_EQ(result_of(ended).at("done"), 250) << ended.sentence.english();
  EXPECT_EQ(result_of(ended).at("refused_count"), 0);
  expect_each_once(ids);
  EXPECT_FALSE(has_unfinished_job(*store_));
  EXPECT_EQ(ask(request(Command::bulk_resume)).trouble, Trouble::not_found);
}

class Dying : public BulkTest, public testing::WithParamInterface<int> {};

TEST_P(Dying, between_two_commits_repeats_nothing) {
  const auto ids = many_rejected(250);
  DyingStore dying(*store_);
  dying.accepts_left = GetParam();
  const Doors dies{dying, *sealer_, clock_, {}, directory_.path(), {}, {}, {}, {"pcare"}};
  Quiet telling;
  const auto parsed = parse_request(encode(request(Command::requeue, {.states = {State::rejected}})));
  EXPECT_EQ(run(*parsed, dies, telling).trouble, Trouble::failed);
  EXPECT_TRUE(has_unfinished_job(*store_));
  const auto ended = ask(request(Command::bulk_resume));
  EXPECT_EQ(result_of(ended).at("done"), 250) << ended.sentence.english();
  EXPECT_EQ(result_of(ended).at("refused_count"), 0);
  expect_each_once(ids);
}
INSTANTIATE_TEST_SUITE_P(In, Dying, testing::Values(1, 2, 3));

TEST_F(BulkTest, held_and_released_by_the_hundred) {
  for (int at = 0; at < 130; ++at) put({.at = tests::morning + std::chrono::milliseconds(at)});
  const auto sent = put({});
  settled(sent, Event::delivered, "ok");
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(result_of(ask(request(Command::hold, {.destination = "pcare"}))).at("done"), 130);
  EXPECT_EQ(count(State::held), 130U);
  EXPECT_EQ(result_of(ask(request(Command::release, {.destination = "pcare"}))).at("done"), 130);
  EXPECT_EQ(count(State::queued), 130U);
  const auto all = ask(request(Command::hold, {.states = {State::queued, State::delivered}}));
  EXPECT_EQ(result_of(all).at("refused").at(0).at("why"), "delivered");
  EXPECT_EQ(result_of(all).at("done"), 130);
}

// Of a person who is cancelled the doses go too: those are no refusals, and those that the filter does not fit are
// counted as well.
TEST_F(BulkTest, those_that_go_with_a_cancelled_one_are_counted_as_that) {
  for (int at = 0; at < 30; ++at) {
    const auto name = std::to_string(at);
    put({.facility = "P0001", .provides = name, .at = tests::morning + std::chrono::milliseconds(4 * at)});
    put({.facility = "P0001", .needs = name, .at = tests::morning + std::chrono::milliseconds(4 * at + 1)});
    put({.facility = "P0002", .needs = name, .at = tests::morning + std::chrono::milliseconds(4 * at + 2)});
  }
  clock_.advance(std::chrono::hours(1));
  const auto foreseen = ask(request(Command::cancel, {.facility = "P0001"}, true));
  EXPECT_EQ(result_of(foreseen).at("count"), 60);
  EXPECT_EQ(result_of(foreseen).at("goes_with_at_most"), 60);
  EXPECT_TRUE(foreseen.sentence.english().contains("not counted before")) << foreseen.sentence.english();
  const auto ended = ask(request(Command::cancel, {.facility = "P0001"}));
  EXPECT_EQ(result_of(ended).at("refused_count"), 0) << ended.result;
  EXPECT_EQ(result_of(ended).at("done"), 30);
  EXPECT_EQ(result_of(ended).at("went_with"), 60);
  EXPECT_FALSE(result_of(ended).at("went_with_is_least"));
  EXPECT_TRUE(ended.sentence.english().contains("60 that needed them went with them")) << ended.sentence.english();
  EXPECT_EQ(count(State::cancelled), 90U);
  restart();
  EXPECT_EQ(result_of(ask(request(Command::bulk_status))).at("went_with"), 60) << "it is kept";
}

TEST_F(BulkTest, what_may_have_landed_is_not_cancelled_by_the_hundred) {
  const auto record = given_up(settled(put({}), Event::went_unknown, "response_timeout"));
  for (int at = 0; at < 3; ++at) put({});
  clock_.advance(std::chrono::hours(1));
  const auto ended = ask(request(Command::cancel, {.destination = "pcare"}));
  EXPECT_TRUE(ended.partial);
  EXPECT_EQ(result_of(ended).at("done"), 3);
  EXPECT_EQ(result_of(ended).at("refused").at(0).at("id"), record.id.text());
  EXPECT_EQ(result_of(ended).at("refused").at(0).at("why"), "may_have_landed");
  EXPECT_EQ(load(record.id).state, State::held);
}

TEST_F(BulkTest, it_is_stopped_behind_its_batch) {
  many_rejected(250);
  class Stopping final : public Telling {
   public:
    explicit Stopping(std::function<void()> stop) : stop_(std::move(stop)) {}
    bool progress(storage::Progress) override {
      if (auto stop = std::exchange(stop_, {})) stop();
      return true;
    }
    bool data(std::string) override { return true; }
    bool goes_on() const override { return true; }
    std::string who() const override { return "uid:7"; }

   private:
    std::function<void()> stop_;
  };
  Stopping telling(
      [this] { EXPECT_TRUE(ask(request(Command::bulk_stop)).sentence.english().contains("was stopped")); });
  const auto parsed = parse_request(encode(request(Command::requeue, {.states = {State::rejected}})));
  const auto ended = run(*parsed, doors(), telling);
  EXPECT_TRUE(!ended.trouble && ended.partial) << ended.sentence.english();
  const auto batch = fmt::format(": {} done of 250 so far; it was stopped", BulkPace{}.batch);
  EXPECT_TRUE(ended.sentence.english().contains(batch)) << ended.sentence.english();
  EXPECT_EQ(count(State::queued), BulkPace{}.batch);
  EXPECT_FALSE(has_unfinished_job(*store_)) << "a start does not go on with it";
  EXPECT_EQ(result_of(ask(request(Command::bulk_resume))).at("done"), 250);
  EXPECT_EQ(count(State::queued), 250U);
}

TEST(BulkWords, all_without_a_filter_is_refused) {
  for (const auto* command : {"hold", "release", "requeue", "cancel"}) {
    const auto line = std::string(R"({"reason":"x","command":")") + command + "\"";
    EXPECT_TRUE(parse_request(line + "}").error().english().contains("all of them is refused"));
    EXPECT_TRUE(parse_request(line + R"(,"queue":{"limit":5,"rule":"a"}})").error().english().contains("no limit"));
    EXPECT_TRUE(parse_request(line + R"(,"queue":{"id":"a","rule":"a"}})").error().english().contains("not both"));
    EXPECT_TRUE(parse_request(line + R"(,"queue":{"rule":"a"}})"));
    const auto silent = std::string(R"({"command":")") + command + R"(","queue":{"rule":"a"}})";
    EXPECT_TRUE(parse_request(silent).error().english().contains("--reason"));
  }
  EXPECT_FALSE(parse_request(R"({"command":"bulk stop"})"));
  for (const auto* command : {"requeue", "cancel"})
    EXPECT_FALSE(parse_request(std::string(R"({"reason":"x","not_landed":true,"queue":{"rule":"a"},"command":")") +
                               command + "\"}"));
  EXPECT_TRUE(parse_request(R"({"command":"cancel","reason":"x","not_landed":true,"queue":{"id":"a"}})"));
  EXPECT_FALSE(parse_request(R"({"command":"hold","reason":"x","not_landed":true,"queue":{"id":"a"}})"));
}

TEST(BulkJobs, come_back_whole) {
  BulkJob job;
  job.action = Command::requeue;
  job.words = {.states = {State::rejected}, .rule = "a"};
  job.reason = "sesudah \"gangguan\"";
  job.by = "uid:7";
  job.began = tests::morning;
  job.state = BulkJob::State::stopped;
  job.of = 7;
  job.done = 3;
  job.refused = 2;
  job.went_with = 4;
  job.went_with_is_least = true;
  job.passed_over = 1;
  job.batches = 1;
  job.after = storage::SubmissionId::make(tests::morning);
  job.pending = {storage::SubmissionId::make(tests::morning), storage::SubmissionId::make(tests::morning)};
  job.hash_before = storage::Digest{1, 2};
  job.hash_after = storage::Digest{3};
  EXPECT_EQ(decode_bulk_job(encode(job)), job);
  job.hash_before = job.hash_after = std::nullopt;
  EXPECT_EQ(decode_bulk_job(encode(job)), job) << "as an earlier version kept it";
  EXPECT_FALSE(decode_bulk_job("{}"));
  EXPECT_FALSE(decode_bulk_job(R"({"action":"erase"})"));
  EXPECT_FALSE(decode_bulk_job("\xff"));
}

}  // namespace
}  // namespace titip::admin
