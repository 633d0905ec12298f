// Accepts that nobody waits for any more: refused, and certainly not stored; nothing else is refused for being late.
#include <map>
#include <thread>

#include "storage/keys.h"
#include "storage/queue_store.h"
#include "storage/rocks_kv.h"
#include "tests/storage/engines.h"
#include "tests/storage/faulty_kv.h"

namespace titip::storage {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

SteadyTime in(milliseconds span) {
  return std::chrono::steady_clock::now() + span;
}

NewSubmission asked(std::uint64_t number, SteadyTime answer_by) {
  auto made = submission(number, "person " + std::to_string(number));
  made.answer_by = answer_by;
  return made;
}

bool is_there(Caller& caller, std::uint64_t number) {
  return caller.load({LoadRequest{id_of(number)}}).value().at(0).has_value();
}

// Answers as words, by who was answered.
class Answers {
 public:
  template <class T>
  Done<std::vector<T>> of(std::string who) {
    return [this, who = std::move(who)](const Result<std::vector<T>>& result) {
      said_[who] = result ? "ok" : name(result.error());
    };
  }
  std::string operator[](const std::string& who) const { return said_.contains(who) ? said_.at(who) : "no answer"; }
  std::size_t size() const { return said_.size(); }

 private:
  std::map<std::string, std::string> said_;
};

class Late : public OnEveryEngine {
 protected:
  void wait_for(const Answers& answers, std::size_t many) {
    const auto until = in(std::chrono::seconds(20));
    while (answers.size() < many && std::chrono::steady_clock::now() < until) {
      if (!caller->home.run() && !pump()) caller->home.wait(milliseconds(50));
    }
    ASSERT_EQ(answers.size(), many);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Late, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Late, AnAcceptNobodyWaitsForIsNotStoredAndItsKeysStayFree) {
  auto late = asked(1, in(milliseconds(-1)));
  late.idempotency_key = digest("key");
  late.submission.natural_key = digest("dose");
  EXPECT_EQ(caller->accept(std::vector{late}).error(), Error::too_late);
  EXPECT_EQ(probes.too_late, 1U);
  EXPECT_FALSE(is_there(*caller, 1));
  EXPECT_TRUE(store->counts().destinations.empty());

  auto other = asked(2, in(hours(1)));
  other.idempotency_key = digest("key");
  other.submission.natural_key = digest("dose");
  const Verdict verdict = caller->accept(other);
  EXPECT_EQ(verdict.kind, VerdictKind::accepted) << "neither key stands for what was refused";
  EXPECT_FALSE(verdict.submission.correction);
  EXPECT_EQ(verdict.submission.position, 1U);

  reopen();
  EXPECT_FALSE(is_there(*caller, 1));
  EXPECT_EQ(caller->accept(submission(1)).kind, VerdictKind::accepted) << "with its id it can come again";
}

TEST_P(Late, WhoIsInTimeIsAcceptedBesideWhoIsNot) {
  const auto record = caller->accept(submission(9)).submission;
  const Changed opened = caller->open_attempt(record);
  Answers answers;
  Settlement settled = settlement(record, Event::delivered);
  settled.expected_version = opened.version;
  settled.epoch = store->health().epoch;
  store->accept({asked(1, in(milliseconds(-1)))}, caller->home, answers.of<Verdict>("late"));
  store->accept({asked(2, in(hours(1)))}, caller->home, answers.of<Verdict>("in time"));
  store->settle({settled}, caller->home, answers.of<Changed>("settlement"));
  store->accept({submission(3)}, caller->home, answers.of<Verdict>("patient"));
  wait_for(answers, 4);
  EXPECT_EQ(answers["late"], "too_late");
  EXPECT_EQ(answers["in time"], "ok");
  EXPECT_EQ(answers["settlement"], "ok");
  EXPECT_EQ(answers["patient"], "ok");
  EXPECT_EQ(store->counts().destinations.at("pcare").accepted, 3U);
  EXPECT_EQ(store->health().last_position, 3U);
  EXPECT_EQ(caller->load(record.id).submission.state, State::delivered);
}

TEST_P(Late, ABatchGoesByItsEarliestMember) {
  EXPECT_EQ(caller->accept({asked(1, in(hours(1))), asked(2, in(milliseconds(-1)))}).error(), Error::too_late);
  EXPECT_FALSE(is_there(*caller, 1));
  EXPECT_EQ(caller->accept({asked(1, in(hours(1))), submission(2)}).value().size(), 2U);
}

// --- while the engine stalls ---------------------------------------------------------------------------------------

struct EngineBelow {
  std::string name;
  std::function<std::shared_ptr<Kv>(const Directory&)> make;
  friend void PrintTo(const EngineBelow& engine, std::ostream* out) { *out << engine.name; }
};

class Stall : public ::testing::TestWithParam<EngineBelow> {
 protected:
  Stall() {
    StoreOptions options;
    options.now = [] { return at(noon_ms); };
    options.probes = &probes;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    options.group_submissions = 8;
    store = QueueStore::open(kv, options, Pumping::by_hand).value();
    caller = std::make_unique<Caller>(*store, [this] { return store->pump(); });
  }
  ~Stall() override {
    store->close();
    home.run();
  }
  void accept(const std::string& who, NewSubmission one) {
    store->accept({std::move(one)}, home, answers.of<Verdict>(who));
  }
  void wait_for(std::size_t many) {
    const auto until = in(std::chrono::seconds(8));  // less than the longest stall
    while (answers.size() < many && std::chrono::steady_clock::now() < until) {
      if (!home.run()) home.wait(milliseconds(20));
    }
  }

  Directory directory;
  CountingProbes probes;
  std::shared_ptr<FaultyKv> kv = std::make_shared<FaultyKv>(GetParam().make(directory));
  TestHome home;
  Answers answers;
  std::unique_ptr<QueueStore> store;
  std::unique_ptr<Caller> caller;
};
INSTANTIATE_TEST_SUITE_P(Engines, Stall,
                         ::testing::Values(EngineBelow{"memory",
                                                       [](const Directory&) { return std::make_shared<MemoryKv>(); }},
                                           EngineBelow{"rocksdb",
                                                       [](const Directory& in_it) -> std::shared_ptr<Kv> {
                                                         return open_rocks_kv(in_it.path() / "store").value();
                                                       }}),
                         [](const auto& param) { return param.param.name; });

TEST_P(Stall, WhoBecomesLateIsToldWhileItLastsAndTheRestGoesOn) {
  const auto record = caller->accept(submission(9)).submission;
  Settlement settled = settlement(record, Event::delivered);
  settled.expected_version = caller->open_attempt(record).version;
  settled.epoch = store->health().epoch;
  settled.reply.bytes = "sealed reply";
  settled.attempt.note.bytes = "sealed note";

  auto late = asked(1, in(milliseconds(150)));
  late.idempotency_key = digest("key");
  accept("late in the group", late);
  auto in_time = asked(2, in(hours(1)));
  in_time.payload.bytes = std::string(2000, 'p');
  accept("in time", in_time);
  store->settle({settled}, home, answers.of<Changed>("settlement"));
  store->put_objects({{"gate", "pcare", {}, "closed"}}, home, answers.of<Applied>("object"));
  store->append_audit({"a line"}, home, answers.of<AuditLine>("audit"));
  kv->busy_commits = 1'000'000;
  const std::size_t commits = kv->commits;
  std::thread writer([this] { store->pump(); });
  while (kv->commits == commits) std::this_thread::sleep_for(milliseconds(1));
  accept("late in the queue", asked(3, in(milliseconds(250))));
  accept("patient in the queue", submission(4));

  wait_for(2);
  EXPECT_EQ(answers["late in the group"], "too_late");
  EXPECT_EQ(answers["late in the queue"], "too_late");
  EXPECT_EQ(answers.size(), 2U) << "the others wait for the engine";
  kv->busy_commits = 0;
  writer.join();
  wait_for(5);
  EXPECT_EQ(answers["in time"], "ok");
  EXPECT_EQ(answers["settlement"], "ok");
  EXPECT_EQ(answers["object"], "ok");
  EXPECT_EQ(answers["audit"], "ok");
  EXPECT_EQ(answers["patient in the queue"], "no answer");
  store->pump();
  wait_for(7);
  EXPECT_EQ(answers["patient in the queue"], "ok");
  EXPECT_EQ(probes.too_late, 2U);
  EXPECT_EQ(probes.overloaded, 0U);

  // What was run twice was done once, and whole.
  EXPECT_EQ(caller->load(id_of(2)).payload, in_time.payload);
  const Loaded ended = caller->load(record.id);
  EXPECT_EQ(ended.submission.state, State::delivered);
  EXPECT_EQ(ended.submission.attempts, 1U);
  EXPECT_EQ(ended.reply, settled.reply);
  ASSERT_EQ(ended.attempts.size(), 1U);
  EXPECT_EQ(ended.attempts[0].note, settled.attempt.note);
  EXPECT_EQ(caller->get_object("gate", "pcare").value()->bytes, "closed");
  EXPECT_FALSE(is_there(*caller, 1));
  EXPECT_FALSE(is_there(*caller, 3));
  EXPECT_EQ(store->health().last_position, 3U);
  auto again = submission(5);
  again.idempotency_key = digest("key");
  EXPECT_EQ(caller->accept(again).kind, VerdictKind::accepted);
}

}  // namespace
}  // namespace titip::storage
