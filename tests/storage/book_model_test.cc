// Random work on the books against the naive model: verdicts, answers, records, due heads and counts after every step.
// TITIP_SEED=n repeats a run; a failure prints its seed and step.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "storage/book.h"
#include "storage/ledger.h"
#include "storage/memory_kv.h"
#include "storage/reads.h"
#include "storage/recovery.h"
#include "tests/storage/book_model.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::array all_lanes{"clinic-1", "clinic-2", "clinic-3"};
constexpr std::array all_destinations{"pcare", "elsewhere"};

class RandomWork {
 public:
  explicit RandomWork(std::uint64_t seed) : random_(seed) { EXPECT_TRUE(recover(kv_, at(noon_ms))); }

  // One group commit of a few calls, each compared as it is answered; then everything is compared.
  void step() {
    now_ += std::chrono::milliseconds(below(50));
    if (one_in(40)) return restart();
    Staging staging(kv_);
    Book book(staging, now_);
    const std::uint64_t calls = 1 + below(6);
    for (std::uint64_t i = 0; i < calls; ++i) {
      call(book);
      ASSERT_FALSE(staging.fault().has_value());
      staging.keep();
    }
    ASSERT_TRUE(kv_.commit(staging.take_batch()));
    compare();
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::optional<WallTime> some_time() {
    if (one_in(3)) return std::nullopt;
    return now_ + std::chrono::milliseconds(static_cast<std::int64_t>(below(400)) - 200);
  }

  void restart() {
    const auto recovered = recover(kv_, now_);
    ASSERT_TRUE(recovered.has_value());
    EXPECT_EQ(recovered->damaged, 0U);
    model_.restart(now_);
    compare();
  }

  void call(Book& book) {
    const auto kind = model_.rows().empty() ? 0 : below(10);
    if (kind < 3) return accept(book);
    // Mostly one of the latest, so that lines form and move; sometimes with an old version.
    const auto& rows = model_.rows();
    const std::size_t recent = std::min<std::size_t>(rows.size(), 12);
    const Submission s = rows[rows.size() - 1 - below(one_in(4) ? rows.size() : recent)].s;
    const std::uint32_t version = one_in(10) ? s.version - 1 : s.version;
    if (kind < 6) return open(book, s, version);
    if (kind < 9) return settle(book, s, version);
    transition(book, s, version);
  }

  void accept(Book& book) {
    const std::uint64_t number = one_in(12) ? 1 + below(next_) : ++next_;
    auto incoming = submission(number, "person " + std::to_string(below(6)), all_lanes[below(all_lanes.size())]);
    incoming.submission.destination = all_destinations[below(all_destinations.size())];
    incoming.submission.accepted_at = now_;
    incoming.submission.fingerprint = digest("body " + std::to_string(below(4)));
    if (!one_in(3)) incoming.submission.natural_key = digest("dose " + std::to_string(below(8)));
    if (!one_in(3)) incoming.idempotency_key = digest("key " + std::to_string(below(40)));
    if (one_in(2)) incoming.on_conflict = OnConflict::queue_behind;
    incoming.payload.bytes.assign(below(50), 'p');
    const Verdict expected = model_.accept(incoming);
    const Verdict verdict = book.accept(incoming);
    EXPECT_EQ(verdict.kind, expected.kind);
    expect_same(verdict.submission, expected.submission);
  }

  static void expect_same(const Changed& is, const Changed& expected) {
    EXPECT_EQ(is.applied, expected.applied);
    EXPECT_EQ(is.version, expected.version);
    EXPECT_EQ(name(is.state), name(expected.state));
  }

  void open(Book& book, const Submission& s, std::uint32_t version) {
    const OpenAttempt open{s.id, version, {}};
    expect_same(book.open_attempt(open), model_.open_attempt(open, now_));
  }

  void settle(Book& book, const Submission& s, std::uint32_t version) {
    constexpr std::array sent{Event::delivered, Event::rejected, Event::went_unknown,
                              Event::deferred,  Event::returned, Event::blocked};
    Settlement settlement;
    settlement.id = s.id;
    settlement.expected_version = version;
    settlement.event =
        s.state == State::in_flight && !one_in(8) ? sent[below(sent.size())] : static_cast<Event>(below(event_count));
    if (!one_in(4)) settlement.attempt.ended_at = now_ - std::chrono::milliseconds(below(30));
    settlement.attempt.probe = s.state == State::unknown && !one_in(3);
    settlement.attempt.rule = "rule " + std::to_string(below(5));
    settlement.counts_as_attempt = one_in(2);
    settlement.backoff_steps = static_cast<std::uint32_t>(below(9));
    settlement.due_at = some_time();
    expect_same(book.settle(settlement), model_.settle(settlement, now_));
  }

  void transition(Book& book, const Submission& s, std::uint32_t version) {
    Transition transition = transition_of(s, static_cast<Event>(below(event_count)));
    transition.expected_version = version;
    if (one_in(10)) transition.expected_state = State::held;
    if (one_in(3)) transition.hold_reason = static_cast<HoldReason>(1 + below(5));
    transition.due_at = some_time();
    expect_same(book.transition(transition), model_.transition(transition, now_));
  }

  static void expect_same(const Submission& is, const Submission& expected) {
    EXPECT_EQ(is.id, expected.id);
    EXPECT_EQ(is.position, expected.position);
    EXPECT_EQ(is.version, expected.version);
    EXPECT_EQ(name(is.state), name(expected.state));
    EXPECT_EQ(name(is.hold_reason), name(expected.hold_reason));
    if (is.state == State::held) EXPECT_EQ(name(is.held_from), name(expected.held_from));
    EXPECT_EQ(is.correction, expected.correction);
    EXPECT_EQ(is.due_at, expected.due_at);
    EXPECT_EQ(is.settled_at, expected.settled_at);
    EXPECT_EQ(is.unknown_since, expected.unknown_since);
    EXPECT_EQ(is.attempts, expected.attempts);
    EXPECT_EQ(is.backoff_steps, expected.backoff_steps);
    EXPECT_EQ(is.unknown_attempts, expected.unknown_attempts);
    EXPECT_EQ(is.probes, expected.probes);
    EXPECT_EQ(is.outcome_rule, expected.outcome_rule);
  }

  void compare() {
    std::vector<LoadRequest> all;
    for (const auto& row : model_.rows()) all.push_back({row.s.id, false, false, true});
    const auto loaded = reads::load(kv_, all);
    ASSERT_TRUE(loaded.has_value());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Model::Row& row = model_.rows()[i];
      ASSERT_TRUE(loaded->at(i).has_value());
      expect_same(loaded->at(i)->submission, row.s);
      ASSERT_EQ(loaded->at(i)->attempts.size(), row.lines);
      EXPECT_TRUE(row.lines == 0 || loaded->at(i)->attempts.back().number == row.lines);
      EXPECT_EQ(row.open, row.lines != 0 && loaded->at(i)->attempts.back().outcome == Outcome::unsettled &&
                              !loaded->at(i)->attempts.back().ended_at);
    }
    Ledger ledger;
    ASSERT_TRUE(ledger.load(kv_));
    EXPECT_EQ(ledger.last_position(), model_.rows().size());
    auto counts = ledger.counts();
    for (const std::string destination : all_destinations) {
      const auto expected = model_.counts(destination);
      EXPECT_EQ(counts.destinations[destination].accepted, expected.accepted);
      EXPECT_EQ(counts.destinations[destination].by_state, expected.by_state);
      EXPECT_EQ(counts.destinations[destination].payload_bytes_pending, expected.payload_bytes_pending);
      for (const std::string facility : all_lanes) compare_lane({destination, facility}, ledger);
    }
  }

  void compare_lane(const Lane& lane, const Ledger& ledger) {
    EXPECT_EQ(ledger.due_in(lane), model_.due_in(lane));
    for (const auto due_class : {DueClass::send, DueClass::probe}) {
      std::size_t damaged = 0;
      const auto batches = reads::next_due(kv_, {{lane, due_class, at(noon_ms * 2), 1000}}, damaged);
      ASSERT_TRUE(batches.has_value());
      std::vector<SubmissionId> ids;
      for (const auto& item : batches->at(0).items) ids.push_back(item.submission.id);
      EXPECT_EQ(ids, model_.due(lane, due_class));
      EXPECT_EQ(damaged, 0U);
    }
  }

  std::mt19937_64 random_;
  MemoryKv kv_;
  Model model_;
  WallTime now_ = at(noon_ms);
  std::uint64_t next_ = 0;
};

TEST(BookAgainstModel, AfterEveryStep) {
  const char* given = std::getenv("TITIP_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const std::uint64_t runs = given != nullptr ? 1 : 25;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    RandomWork work(seed);
    for (int step = 0; step < 120; ++step) {
      work.step();
      if (::testing::Test::HasFailure()) {
        FAIL() << "seed " << seed << ", step " << step << "; repeat with TITIP_SEED=" << seed;
      }
    }
  }
}

}  // namespace
}  // namespace titip::storage
