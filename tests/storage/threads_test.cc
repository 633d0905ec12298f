// Many threads at one store at once: what ThreadSanitizer watches, and the books afterwards.
#include <thread>

#include "tests/storage/engines.h"

namespace titip::storage {
namespace {

class Threads : public OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(Engines, Threads, ::testing::Values(engines()[1], engines()[2]),
                         [](const auto& param) { return param.param.name; });

// One clinic: sends its submissions, then opens and settles what is due of its lane until all is delivered.
void work(Store& store, int clinic, std::uint64_t submissions) {
  Caller caller(store);
  const std::string facility = "clinic-" + std::to_string(clinic);
  for (std::uint64_t i = 0; i < submissions; ++i) {
    const std::uint64_t number = static_cast<std::uint64_t>(clinic) * 10'000 + i;
    const auto person = facility + std::to_string(i % 5);
    EXPECT_EQ(caller.accept(submission(number, person, facility)).kind, VerdictKind::accepted);
  }
  std::uint64_t delivered = 0;
  while (delivered < submissions) {
    const auto due = caller.due(facility);
    ASSERT_FALSE(due.items.empty());
    for (const auto& item : due.items) {
      EXPECT_EQ(caller.finish(item.submission, Event::delivered).state, State::delivered);
      ++delivered;
    }
  }
}

TEST_P(Threads, TheBooksBalanceAfterwards) {
  constexpr int clinics = 6;
  constexpr std::uint64_t each = 40;
  TestHome notices;
  std::atomic<std::size_t> heard = 0;
  store->subscribe("pcare", notices, [&](const CommitNotice& notice) { heard += notice.lanes.size(); });
  std::atomic<bool> done = false;
  std::thread watcher([&] {
    while (!done) {
      const auto counts = store->counts();
      for (const auto& [destination, c] : counts.destinations) {
        std::uint64_t sum = 0;
        for (const auto n : c.by_state) sum += n;
        EXPECT_EQ(sum, c.accepted) << "at any moment";
      }
      EXPECT_TRUE(store->health().writable);
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> threads;
  for (int clinic = 1; clinic <= clinics; ++clinic) threads.emplace_back([&, clinic] { work(*store, clinic, each); });
  for (auto& thread : threads) thread.join();
  done = true;
  watcher.join();
  notices.run();
  const auto counts = store->counts().destinations.at("pcare");
  EXPECT_EQ(counts.by_state[static_cast<std::size_t>(State::delivered)], clinics * each);
  EXPECT_EQ(counts.payload_bytes_pending, 0U);
  EXPECT_TRUE(caller->lanes().empty());
  EXPECT_GT(heard, 0U);
  EXPECT_LE(probes.commits, probes.committed_calls);
  store->close();
}

TEST_P(Threads, ClosingWhileOthersCallAnswersEveryCallOnce) {
  constexpr int callers = 4;
  std::atomic<int> asked = 0, answered = 0;
  std::atomic<bool> stop = false;
  TestHome homes[callers];
  std::vector<std::thread> threads;
  for (int t = 0; t < callers; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; !stop && i < 3000; ++i) {
        asked += 2;
        const std::uint64_t number = static_cast<std::uint64_t>(t) * 10'000 + i;
        store->accept({submission(number)}, homes[t], [&](const auto&) { ++answered; });
        store->load({LoadRequest{id_of(number)}}, homes[t], [&](const auto&) { ++answered; });
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  store->close();
  stop = true;
  for (auto& thread : threads) thread.join();
  for (auto& home : homes) home.run();
  EXPECT_EQ(answered, asked);
}

}  // namespace
}  // namespace titip::storage
