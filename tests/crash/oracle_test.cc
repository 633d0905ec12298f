// The oracle over a store in memory: it finds nothing wrong with an honest one, and every lie of one that lies.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "storage/open.h"
#include "tests/crash/inspection.h"
#include "tests/crash/workload.h"
#include "tests/storage/forwarding_store.h"

namespace titip::crash {
namespace {

using storage::Done;
using storage::Home;
using storage::Loaded;
using storage::Result;

using Loads = std::vector<std::optional<Loaded>>;

// Tells the truth but for what `about_loads` and the like make of it.
class LyingStore : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  std::function<void(Result<Loads>&)> about_loads;
  std::function<void(storage::Counts&)> about_counts;
  std::function<void(std::vector<storage::DueBatch>&)> about_due;
  bool forgets_keys = false;

  void load(std::vector<storage::LoadRequest> batch, Home& home, Done<Loads> done) override {
    ForwardingStore::load(std::move(batch), home, [this, done = std::move(done)](Result<Loads> loaded) mutable {
      if (about_loads) about_loads(loaded);
      done(std::move(loaded));
    });
  }
  void next_due(std::vector<storage::DueQuery> batch, Home& home, Done<std::vector<storage::DueBatch>> done) override {
    ForwardingStore::next_due(std::move(batch), home,
                              [this, done = std::move(done)](Result<std::vector<storage::DueBatch>> due) mutable {
                                if (about_due && due) about_due(*due);
                                done(std::move(due));
                              });
  }
  void accept(std::vector<storage::NewSubmission> batch, Home& home,
              Done<std::vector<storage::Verdict>> done) override {
    for (auto& each : batch) {
      if (forgets_keys) each.idempotency_key.reset();
      if (forgets_keys) each.submission.natural_key.reset();
    }
    ForwardingStore::accept(std::move(batch), home, std::move(done));
  }
  storage::Counts counts() const override {
    auto told = ForwardingStore::counts();
    if (about_counts) about_counts(told);
    return told;
  }
};

// Every answer that has one is changed once.
std::function<void(Result<Loads>&)> in_the_first(std::function<bool(std::optional<Loaded>&)> change) {
  return [change = std::move(change), done = false](Result<Loads>& loaded) mutable {
    for (std::size_t i = 0; !done && loaded && i < loaded->size(); ++i) {
      if ((*loaded)[i]) done = change((*loaded)[i]);
    }
  };
}

struct Lie {
  const char* name;
  std::function<void(LyingStore&, History&)> tell;
  std::vector<Finding::Kind> caught_as;  // none: the truth
};

const std::vector<Lie>& lies() {
  using Kind = Finding::Kind;
  static const std::vector<Lie> table{
      {"the truth", [](LyingStore&, History&) {}, {}},
      {"a record is gone",
       [](LyingStore& store, History&) {
         store.about_loads = in_the_first([](auto& loaded) {
           loaded.reset();
           return true;
         });
       },
       {Kind::lost}},
      {"one byte of a payload is another",
       [](LyingStore& store, History&) {
         store.about_loads = in_the_first([](auto& loaded) {
           loaded->payload.bytes.back() ^= 1;
           return true;
         });
       },
       {Kind::corrupt_served}},
      {"a field is another's",
       [](LyingStore& store, History&) {
         store.about_loads = in_the_first([](auto& loaded) {
           loaded->submission.receipt += "0";
           return true;
         });
       },
       {Kind::corrupt_served}},
      {"what was settled is pending again",
       [](LyingStore& store, History&) {
         store.about_loads = in_the_first([](auto& loaded) {
           if (!storage::is_terminal(loaded->submission.state)) return false;
           loaded->submission.state = storage::State::queued;
           return true;
         });
       },
       {Kind::lost}},
      {"an attempt's line is missing",
       [](LyingStore& store, History&) {
         store.about_loads = in_the_first([](auto& loaded) {
           if (loaded->attempts.empty()) return false;
           loaded->attempts.pop_back();
           return true;
         });
       },
       {Kind::broken}},
      {"a position is another",
       [](LyingStore& store, History&) {
         store.about_loads = in_the_first([](auto& loaded) {
           loaded->submission.position += 100'000;
           return true;
         });
       },
       {Kind::broken}},
      {"all is damaged",
       [](LyingStore& store, History&) {
         store.about_loads = [](auto& loaded) { loaded = std::unexpected(storage::Error::corrupt); };
       },
       {Kind::damaged}},
      {"one delivered too many is counted",
       [](LyingStore& store, History&) {
         store.about_counts = [](auto& counts) {
           ++counts.destinations["pcare"].by_state[static_cast<std::size_t>(storage::State::delivered)];
         };
       },
       {Kind::broken}},
      {"the due index forgets one",
       [](LyingStore& store, History&) {
         store.about_due = [](auto& batches) {
           for (auto& batch : batches) {
             if (!batch.items.empty()) batch.items.pop_back();
           }
         };
       },
       {Kind::broken}},
      {"the national server applied one twice",
       [](LyingStore&, History& history) {
         history.saw(Effect{4});
         history.saw(Effect{4});
       },
       {Kind::duplicate}},
  };
  return table;
}

const std::vector<Lie>& lies_about_settlements() {
  using Kind = Finding::Kind;
  static const std::vector<Lie> table{{"the reply is gone",
                                       [](LyingStore& store, History&) {
                                         store.about_loads = in_the_first([](auto& loaded) {
                                           const bool had = !loaded->reply.empty();
                                           loaded->reply.bytes.clear();
                                           return had;
                                         });
                                       },
                                       {Kind::corrupt_served}},
                                      {"the last line says another outcome",
                                       [](LyingStore& store, History&) {
                                         store.about_loads = in_the_first([](auto& loaded) {
                                           if (loaded->submission.state != storage::State::rejected) return false;
                                           loaded->attempts.back().outcome = storage::Outcome::delivered;
                                           return true;
                                         });
                                       },
                                       {Kind::corrupt_served}},
                                      {"what is delivered was erased, and nobody asked",
                                       [](LyingStore& store, History&) {
                                         store.about_loads = in_the_first([](auto& loaded) {
                                           if (loaded->submission.state != storage::State::delivered) return false;
                                           loaded->payload.bytes.clear();
                                           loaded->reply.bytes.clear();
                                           loaded->submission.wrapped_key.clear();
                                           for (auto& line : loaded->attempts) line.note.bytes.clear();
                                           loaded->submission.content_erased = true;
                                           return true;
                                         });
                                       },
                                       {Kind::lost}}};
  return table;
}

struct World {
  explicit World(std::uint64_t seed) : history(seed) {
    storage::StoreOptions options;
    options.now = [] { return storage::WallTime(std::chrono::milliseconds(morning_ms)); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    below = storage::open_memory_store(options, storage::Pumping::by_hand);
    store = std::make_unique<LyingStore>(*below);
    door = std::make_unique<Door>(*store, [this] { return below->pump(); });
  }
  void work(int steps) {
    Workload workload(*door, history, history.brief(), 7);
    workload.ask_again();
    while (steps-- > 0 && workload.step()) {
    }
  }
  std::vector<Finding> inspect() {
    Inspection inspection(*door, history, Inspection::When::running);
    auto findings = inspection.run();
    for (Finding& each : history.take_findings()) findings.push_back(std::move(each));
    if (history.duplicate_effects() > 0) findings.push_back({Finding::Kind::duplicate, "an effect too many"});
    return findings;
  }
  History history;
  std::unique_ptr<storage::MemoryStore> below;
  std::unique_ptr<LyingStore> store;
  std::unique_ptr<Door> door;
};

TEST(Oracle, CatchesEveryLieAndBelievesTheTruth) {
  std::vector<Lie> all = lies();
  std::ranges::copy(lies_about_settlements(), std::back_inserter(all));
  for (const Lie& lie : all) {
    SCOPED_TRACE(lie.name);
    World world(3);
    world.work(60);
    ASSERT_TRUE(world.history.take_findings().empty());
    lie.tell(*world.store, world.history);
    const auto findings = world.inspect();
    for (const Finding::Kind kind : lie.caught_as) EXPECT_GT(count(findings, kind), 0U) << name(kind);
    if (lie.caught_as.empty()) EXPECT_TRUE(findings.empty()) << findings.front().what;
    world.below->close();
  }
}

// An oracle over a workload that never goes there would prove nothing.
TEST(Oracle, TheWorkloadComesToEveryStateButExpired) {
  World world(11);
  std::array<bool, 11> seen{};
  std::set<std::string> rules;
  Workload workload(*world.door, world.history, world.history.brief(), 7);
  for (int steps = 0; steps < 200; ++steps) {
    workload.step();
    auto counts = world.store->counts();
    const auto& states = counts.destinations["pcare"].by_state;
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = seen[i] || states[i] != 0;
  }
  for (const storage::State state : storage::all_states) {
    EXPECT_EQ(seen[static_cast<std::size_t>(state)], state != storage::State::expired) << storage::name(state);
  }
  const auto rows = world.door->ask<std::vector<storage::CountRow>>(
      [&](auto done) { world.store->count({}, *world.door, std::move(done)); });
  ASSERT_TRUE(rows.has_value());
  for (const auto& row : *rows) rules.insert(row.outcome_rule);
  EXPECT_TRUE(rules.contains("taken_back"));
  EXPECT_TRUE(world.inspect().empty());
  world.below->close();
}

TEST(Oracle, CatchesAStoreThatTakesOneKeyTwice) {
  World world(5);
  world.work(30);
  world.store->forgets_keys = true;
  world.work(1);  // begins with clients that say it a second time
  EXPECT_GT(count(world.inspect(), Finding::Kind::duplicate), 0U);
  world.below->close();
}

// Two witnesses of the same.
class Both : public Witness {
 public:
  Both(Witness& one, Witness& other) : one_(one), other_(other) {}
  void saw(const AcceptAsked& seen) override { tell(seen); }
  void saw(const AcceptAnswered& seen) override { tell(seen); }
  void saw(const ChangeAsked& seen) override { tell(seen); }
  void saw(const ChangeAnswered& seen) override { tell(seen); }
  void saw(const ObjectAsked& seen) override { tell(seen); }
  void saw(const ObjectAnswered& seen) override { tell(seen); }
  void saw(const AuditAsked& seen) override { tell(seen); }
  void saw(const AuditAnswered& seen) override { tell(seen); }
  void saw(const Effect& seen) override { tell(seen); }
  void saw(const Served& seen) override { tell(seen); }

 private:
  template <class Seen>
  void tell(const Seen& seen) {
    one_.saw(seen);
    other_.saw(seen);
  }
  Witness& one_;
  Witness& other_;
};

TEST(Oracle, WhatAPipeTellsIsWhatWasSeen) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  World world(9);
  Teller teller(ends[1]);
  Both both(world.history, teller);
  Workload workload(*world.door, both, world.history.brief(), 7);
  for (int steps = 0; steps < 12; ++steps) workload.step();
  ::close(ends[1]);
  History retold(9);
  std::string line;
  for (char c = 0; ::read(ends[0], &c, 1) == 1;) {
    if (c != '\n') {
      line += c;
      continue;
    }
    EXPECT_TRUE(retell(line, retold)) << line;
    line.clear();
  }
  ::close(ends[0]);
  EXPECT_GT(retold.acknowledged(), 0U);
  EXPECT_EQ(retold.acknowledged(), world.history.acknowledged());
  EXPECT_EQ(retold.settled(), world.history.settled());
  Inspection inspection(*world.door, retold, Inspection::When::running);
  EXPECT_TRUE(inspection.run().empty());
  EXPECT_EQ(Brief::read(retold.brief().text()).text(), world.history.brief().text());
  world.below->close();
}

}  // namespace
}  // namespace titip::crash
