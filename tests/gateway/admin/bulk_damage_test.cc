// A damaged entry among those that a bulk action is about: it is refused by name, and hinders nobody, at no action, in
// no place, and not over a restart either.
#include <set>

#include "gateway/admin/bulk.h"
#include "storage/keys.h"
#include "tests/gateway/admin/queue_fixture.h"
#include "tests/storage/forwarding_store.h"
#include "tests/storage/spoiling.h"

namespace titip::admin {
namespace {

using storage::Family;
using storage::State;

// meta: the record itself. payload: what is to be sent. order: its line, or, of one that ended, its natural key's.
enum class Where : std::uint8_t { meta, payload, order };

struct Case {
  Command action;
  Where where;
  bool is_hindered;
};

class BulkDamageTest : public QueueFixture {
 protected:
  static constexpr int many = 130;
  static constexpr int bad = 70;  // in neither the first batch nor the last

  Request request(Command command, std::vector<State> states = {}) {
    Request request;
    request.command = command;
    request.reason = command == Command::bulk_status ? "" : "sesudah gangguan";
    request.queue.states = std::move(states);
    return request;
  }
  State state_for(Command action) const {
    if (action == Command::requeue) return State::rejected;
    return action == Command::release ? State::held : State::queued;
  }
  void fill(Command action) {
    for (int at = 0; at < many; ++at) {
      const Wanted wanted{.person = "990101150190" + std::to_string(1000 + at),
                          .natural = true,
                          .at = tests::morning + std::chrono::milliseconds(at)};
      ids_.push_back(action == Command::requeue ? rejected(wanted).id : put(wanted).id);
      last_ = load(ids_.back());
      if (at == bad) bad_ = last_;
    }
    clock_.advance(std::chrono::minutes(1));
    if (action != Command::release) return;
    EXPECT_EQ(result_of(ask(request(Command::hold, {State::queued}))).at("done"), many);
    clock_.advance(std::chrono::minutes(1));
  }
  void damage(Where where) {
    if (where == Where::meta) spoil(*kv_, Family::meta, storage::keys::of(bad_.id));
    if (where == Where::payload) spoil(*kv_, Family::payload, storage::keys::of(bad_.id));
    if (where != Where::order) return;
    // What would be struck from, or entered into, with this record.
    const bool ended = bad_.state == State::rejected;
    const auto family = ended ? Family::natural : Family::head;
    const auto key = ended ? storage::keys::of(*bad_.natural_key) : storage::keys::of(bad_.ordering_key);
    ASSERT_TRUE(kv_->commit({{family, key, std::string("damaged")}}));
  }
  void expect_all_but_the_bad_one(const Ended& ended, bool is_hindered) {
    ASSERT_FALSE(ended.trouble) << ended.sentence.english();
    const auto result = result_of(ended);
    EXPECT_EQ(ended.partial, is_hindered);
    EXPECT_EQ(result.at("state"), "done");
    EXPECT_EQ(result.at("done"), is_hindered ? many - 1 : many);
    ASSERT_EQ(result.at("refused").size(), is_hindered ? 1U : 0U) << result;
    if (!is_hindered) return;
    EXPECT_EQ(result.at("refused").at(0).at("id"), bad_.id.text());
    EXPECT_EQ(result.at("refused").at(0).at("why"), "damaged");
  }

  std::vector<storage::SubmissionId> ids_;
  storage::Submission bad_;
  storage::Submission last_;
};

class OneDamaged : public BulkDamageTest, public testing::WithParamInterface<Case> {};

TEST_P(OneDamaged, is_refused_alone) {
  fill(GetParam().action);
  damage(GetParam().where);
  expect_all_but_the_bad_one(ask(request(GetParam().action, {state_for(GetParam().action)})), GetParam().is_hindered);
  EXPECT_FALSE(has_unfinished_job(*store_));
}

TEST_P(OneDamaged, hinders_nobody_over_a_restart) {
  fill(GetParam().action);
  Quiet telling;
  telling.steps = 0;  // one batch, then it stops
  const auto parsed = parse_request(encode(request(GetParam().action, {state_for(GetParam().action)})));
  EXPECT_EQ(run(*parsed, doors(), telling).trouble, Trouble::failed) << "cut short";
  damage(GetParam().where);
  restart();
  EXPECT_TRUE(has_unfinished_job(*store_));
  expect_all_but_the_bad_one(ask(request(Command::bulk_resume)), GetParam().is_hindered);
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  constexpr const char* places[] = {"meta", "payload", "order"};
  return std::string(name(info.param.action)) + "_" + places[static_cast<std::size_t>(info.param.where)];
}
INSTANTIATE_TEST_SUITE_P(
    At, OneDamaged,
    testing::Values(Case{Command::hold, Where::meta, true}, Case{Command::hold, Where::payload, false},
                    Case{Command::hold, Where::order, true}, Case{Command::release, Where::meta, true},
                    Case{Command::release, Where::payload, false}, Case{Command::release, Where::order, true},
                    Case{Command::cancel, Where::meta, true}, Case{Command::cancel, Where::payload, false},
                    Case{Command::cancel, Where::order, true}, Case{Command::requeue, Where::meta, true},
                    Case{Command::requeue, Where::payload, true}, Case{Command::requeue, Where::order, true}),
    name_of);

// Dies behind a batch whose doing is on record and whose counting is not; one of it is damaged before the next start.
class DyingStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void transition(std::vector<storage::Transition> batch, storage::Home& home,
                  storage::Done<std::vector<storage::Changed>> done) override {
    ForwardingStore::transition(std::move(batch), home, [done = std::move(done)](auto) mutable {
      done(std::unexpected(storage::Error::in_doubt));
    });
  }
};

TEST_F(BulkDamageTest, a_page_names_what_is_damaged_if_its_id_is_known) {
  fill(Command::cancel);
  damage(Where::meta);
  storage::ScanQuery query;
  query.filter.states = {State::queued};
  query.limit = query.examine = 1'000;
  const auto page = home_.ask<storage::ScanPage>([&](auto done) { store_->scan(query, home_, std::move(done)); });
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->damaged, 1U);
  EXPECT_EQ(page->damaged_ids, std::vector{bad_.id});
  EXPECT_EQ(page->items.size(), static_cast<std::size_t>(many - 1));
}

// Where a stretch cannot even be walked, the engine passes over it: nobody knows which records these are.
class TornStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void scan(storage::ScanQuery query, storage::Home& home, storage::Done<storage::ScanPage> done) override {
    ForwardingStore::scan(std::move(query), home, [this, done = std::move(done)](auto page) mutable {
      if (page && torn_ > 0) {
        ++page->damaged;
        --torn_;
      }
      done(std::move(page));
    });
  }

 private:
  int torn_ = 2;
};

TEST_F(BulkDamageTest, what_has_no_id_is_counted_and_the_rest_is_done) {
  fill(Command::cancel);
  TornStore torn(*store_);
  const Doors doors{torn, *sealer_, clock_, {}, directory_.path(), {}, {}, {}, {"pcare"}};
  Quiet telling;
  const auto ended = run(*parse_request(encode(request(Command::cancel, {State::queued}))), doors, telling);
  ASSERT_FALSE(ended.trouble) << ended.sentence.english();
  EXPECT_TRUE(ended.partial);
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("done"), many);
  EXPECT_EQ(result.at("passed_over"), 2);
  EXPECT_EQ(result.at("refused_count"), 0);
  EXPECT_TRUE(ended.sentence.english().contains("2 places passed over")) << ended.sentence.english();
}

TEST_F(BulkDamageTest, one_of_the_batch_that_was_under_way) {
  fill(Command::cancel);
  bad_ = load(ids_.at(20));
  DyingStore dying(*store_);
  const Doors dies{dying, *sealer_, clock_, {}, directory_.path(), {}, {}, {}, {"pcare"}};
  Quiet telling;
  EXPECT_EQ(run(*parse_request(encode(request(Command::cancel, {State::queued}))), dies, telling).trouble,
            Trouble::failed);
  damage(Where::meta);
  restart();
  const auto ended = ask(request(Command::bulk_resume));
  expect_all_but_the_bad_one(ended, true);
  EXPECT_TRUE(result_of(ended).at("went_with_is_least").get<bool>()) << "what went with that batch nobody counted";
}

}  // namespace
}  // namespace titip::admin
