// Random work on the books against the naive model: verdicts, answers, records, the due index and counts after every
// step, and every invariant of the rows behind them.
// TITIP_SEED=n repeats a run; a failure prints its seed and step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "storage/book.h"
#include "storage/keys.h"
#include "storage/ledger.h"
#include "storage/memory_kv.h"
#include "storage/reads.h"
#include "storage/recovery.h"
#include "tests/storage/book_model.h"
#include "tests/storage/book_model_reached.h"
#include "tests/storage/invariants.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::array all_lanes{"clinic-1", "clinic-2", "clinic-3"};
constexpr std::array all_destinations{"pcare", "elsewhere"};

class RandomWork {
 public:
  explicit RandomWork(std::uint64_t seed) : random_(seed), settings_{0, seed % 4 == 3} {
    EXPECT_TRUE(recover(kv_, at(noon_ms)));
  }

  // One group commit of a few calls, each compared as it is answered; then everything is compared.
  void step() {
    now_ += std::chrono::milliseconds(below(50));
    if (one_in(40)) return restart();
    Staging staging(kv_);
    Book book(staging, now_, settings_);
    const std::uint64_t calls = 1 + below(6);
    for (std::uint64_t i = 0; i < calls; ++i) {
      call(book);
      ASSERT_FALSE(staging.fault().has_value());
      staging.keep();
    }
    ASSERT_TRUE(kv_.commit(staging.take_batch()));
    compare();
  }

  const Reached& reached() const { return reached_; }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::optional<WallTime> some_time() {
    if (one_in(3)) return std::nullopt;
    return now_ + std::chrono::milliseconds(static_cast<std::int64_t>(below(400)) - 200);
  }
  // Few enough that they meet.
  Digest some_key() { return digest("requirement " + std::to_string(below(7))); }
  Digest some_number() { return digest("number " + std::to_string(below(5))); }

  void restart() {
    const auto recovered = recover(kv_, now_);
    ASSERT_TRUE(recovered.has_value());
    EXPECT_EQ(recovered->damaged, 0U);
    model_.restart(now_);
    compare();
  }

  void call(Book& book) {
    const auto kind = model_.rows().empty() ? 0 : below(24);
    if (kind < 7) return accept(book);
    // Mostly one of the latest, so that lines form and move; sometimes with an old version.
    const auto& rows = model_.rows();
    const std::size_t recent = std::min<std::size_t>(rows.size(), 12);
    const Submission s = rows[rows.size() - 1 - below(one_in(4) ? rows.size() : recent)].s;
    const std::uint32_t version = one_in(10) ? s.version - 1 : s.version;
    if (kind < 13) return open(book, s, version);
    if (kind < 20) return settle(book, s, version);
    if (kind == 20) return read_back(book, one_in(4) ? s : last_with_a_number());
    if (kind == 21 && one_in(2)) return erase(book, s);
    transition(book, s, version);
  }

  void accept(Book& book) {
    const std::uint64_t number = one_in(12) ? 1 + below(next_ + 1) : ++next_;
    auto incoming = submission(number, "person " + std::to_string(below(6)), all_lanes[below(all_lanes.size())]);
    Submission& s = incoming.submission;
    s.destination = all_destinations[below(all_destinations.size())];
    s.accepted_at = now_ - std::chrono::milliseconds(below(20));
    s.fingerprint = digest("body " + std::to_string(below(4)));
    if (!one_in(3)) s.natural_key = digest("dose " + std::to_string(below(8)));
    if (!one_in(3)) incoming.idempotency_key = digest("key " + std::to_string(below(40)));
    if (one_in(3)) s.person = s.ordering_key;
    if (one_in(4)) s.deadline = now_ + std::chrono::seconds(5);
    if (one_in(2)) s.provides.push_back(some_key());
    if (one_in(3)) s.references.push_back(some_number());
    for (std::uint64_t i = below(4); i-- > 1;) s.requirements.push_back(one_in(3) ? some_number() : some_key());
    if (one_in(8)) incoming.takes_back = one_in(3) ? some_number() : some_key();
    if (const Model::Row* target = incoming.takes_back && !one_in(6) ? provider_of(*incoming.takes_back) : nullptr) {
      s.destination = target->s.destination;  // the same facility's, as it should be
      s.facility = target->s.facility;
    }
    if (const Model::Row* act = one_in(5) ? delivered_act() : nullptr) {
      incoming.takes_back = act->s.provides.empty() ? act->s.references.front() : act->s.provides.front();
      s.destination = act->s.destination;
      s.facility = act->s.facility;
    }
    if (const Model::Row* act = one_in(4) ? act_with_a_number() : nullptr) {
      incoming.takes_back = act->s.references.front();
      s.requirements.push_back(act->s.references.front());  // for its real number, were it sent
      if (!one_in(8)) {
        s.destination = act->s.destination;
        s.facility = act->s.facility;
      }
    }
    if (one_in(4)) incoming.replaces = replaceable(number);
    if (const Model::Row* old = incoming.replaces && !one_in(8) ? row_of(*incoming.replaces) : nullptr) {
      s.destination = old->s.destination;
      s.facility = old->s.facility;
    }
    if (one_in(2)) incoming.on_conflict = OnConflict::queue_behind;
    incoming.payload.bytes.assign(below(50), 'p');
    const Verdict expected = model_.accept(incoming, now_);
    const Verdict verdict = book.accept(incoming);
    EXPECT_EQ(name(verdict.kind), name(expected.kind));
    expect_same(verdict.submission, expected.submission);
    expect_same(verdict.cancelled, expected.cancelled);
    EXPECT_EQ(verdict.is_front, expected.is_front);
    reached_.taken_back += verdict.submission.outcome_rule == "taken_back" ? 1 : 0;
    const bool had_nothing = verdict.submission.outcome_rule == "nothing_to_take_back";
    reached_.let_go += had_nothing && !verdict.cancelled.empty() ? 1 : 0;
    reached_.dragged_along += verdict.cancelled.size() > 1 ? 1 : 0;
    reached_.replaced += verdict.kind == VerdictKind::accepted && incoming.replaces ? 1 : 0;
  }

  const Model::Row* row_of(const SubmissionId& id) const {
    const auto found = std::ranges::find(model_.rows(), id, [](const Model::Row& row) { return row.s.id; });
    return found == model_.rows().end() ? nullptr : &*found;
  }

  const Model::Row* provider_of(const Digest& key) const {
    for (const auto& row : model_.rows()) {
      const bool provides = std::ranges::find(row.s.provides, key) != row.s.provides.end() ||
                            std::ranges::find(row.s.references, key) != row.s.references.end();
      if (provides && !is_terminal(row.s.state)) return &row;
    }
    return nullptr;
  }

  // Whose natural key would be free if it were taken back.
  const Model::Row* delivered_act() const {
    for (const auto& row : model_.rows()) {
      const bool has_a_key = !row.s.provides.empty() || !row.s.references.empty();
      const bool is_bound = row.s.natural_key && row.keeps_natural_key;
      if (row.s.state == State::delivered && is_bound && has_a_key) return &row;
    }
    return nullptr;
  }

  // One of the latest whose number nobody knows yet, or that ended without one.
  const Model::Row* act_with_a_number() {
    const auto& rows = model_.rows();
    if (const Model::Row* missed = one_in(2) ? model_.act_that_is_missed() : nullptr) return missed;
    for (std::size_t back = 1 + below(4); back <= rows.size(); ++back) {
      const Submission& s = rows[rows.size() - back].s;
      if (s.state != State::delivered && !s.references.empty() && !s.takes_back) return &rows[rows.size() - back];
    }
    return nullptr;
  }

  // Mostly one that may be replaced.
  SubmissionId replaceable(std::uint64_t number) {
    if (one_in(5)) return id_of(number + 1'000'000);
    for (const auto& row : model_.rows()) {
      const bool may = row.s.state == State::rejected || row.s.state == State::expired;
      if (may && !row.s.replaced_by && !one_in(3)) return row.s.id;
    }
    return id_of(1);
  }

  // Dependants are told in the order they were met, which is nobody's business.
  static void expect_same(std::vector<SubmissionId> ids, std::vector<SubmissionId> expected) {
    std::ranges::sort(ids);
    std::ranges::sort(expected);
    EXPECT_EQ(ids, expected);
  }

  static void expect_same(const Changed& is, const Changed& expected) {
    EXPECT_EQ(is.applied, expected.applied);
    EXPECT_EQ(is.version, expected.version);
    EXPECT_EQ(name(is.state), name(expected.state));
    expect_same(is.cancelled, expected.cancelled);
  }

  void open(Book& book, const Submission& s, std::uint32_t version) {
    const OpenAttempt open{s.id, version, {}, 0};
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
    settlement.resolved = some_numbers(s);
    if (one_in(2)) settlement.read_back_at = some_time();
    expect_same(book.settle(settlement), model_.settle(settlement, now_));
  }

  std::vector<Resolved> some_numbers(const Submission& s) {
    std::vector<Resolved> numbers;
    for (const Digest& reference : s.references) {
      if (!one_in(3)) continue;
      numbers.push_back({reference, {"sealed number"}, {}});
      if (one_in(3)) numbers.back().alias = digest("real number " + std::to_string(below(3)));
    }
    if (one_in(20)) numbers.push_back({some_number(), {"sealed number"}, {}});
    return numbers;
  }

  Submission last_with_a_number() {
    for (std::size_t i = model_.rows().size(); i-- > 0;) {
      const Submission& s = model_.rows()[i].s;
      if (s.state == State::delivered && !s.references.empty()) return s;
    }
    return model_.rows().back().s;
  }

  void read_back(Book& book, const Submission& s) {
    ReadBack read;
    read.id = s.id;
    read.expected_version = one_in(10) ? s.version - 1 : s.version;
    read.resolved = some_numbers(s);
    read.again_at = some_time();
    const Changed changed = book.read_back(read);
    reached_.read_back += changed.applied == Applied::yes ? 1 : 0;
    expect_same(changed, model_.read_back(read, now_));
  }

  void erase(Book& book, const Submission& s) {
    const Erased erased = book.erase({s.id});
    EXPECT_EQ(erased.kind, model_.erase(s.id, now_));
    ++reached_.erased;
  }

  // Held for a requirement is what the store alone may say.
  HoldReason some_reason() {
    constexpr std::array reasons{HoldReason::unknown, HoldReason::conflict, HoldReason::late_entry, HoldReason::person};
    return reasons[below(reasons.size())];
  }

  void transition(Book& book, const Submission& s, std::uint32_t version) {
    Transition transition = transition_of(s, static_cast<Event>(below(event_count)));
    transition.expected_version = version;
    if (one_in(10)) transition.expected_state = State::held;
    if (one_in(3)) transition.hold_reason = some_reason();
    transition.due_at = some_time();
    transition.resolved = some_numbers(s);
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
    EXPECT_EQ(is.blocked_replies, expected.blocked_replies);
    EXPECT_EQ(is.requirements, expected.requirements);
    EXPECT_EQ(is.provides, expected.provides);
    EXPECT_EQ(is.references, expected.references);
    EXPECT_EQ(is.takes_back, expected.takes_back);
    EXPECT_EQ(is.replaces, expected.replaces);
    EXPECT_EQ(is.replaced_by, expected.replaced_by);
    EXPECT_EQ(is.erase_when_settled, expected.erase_when_settled);
    EXPECT_EQ(is.content_erased, expected.content_erased);
    EXPECT_EQ(is.wrapped_key, expected.wrapped_key);
  }

  void compare() {
    for (const auto& sentence : broken_invariants(kv_)) ADD_FAILURE() << sentence;
    std::vector<LoadRequest> all;
    for (const auto& row : model_.rows()) all.push_back({row.s.id, false, false, true});
    Reading reading(kv_);
    const auto loaded = reads::load(reading, all);
    ASSERT_TRUE(loaded.has_value());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Model::Row& row = model_.rows()[i];
      ASSERT_TRUE(loaded->at(i).has_value());
      expect_same(loaded->at(i)->submission, row.s);
      ASSERT_EQ(loaded->at(i)->attempts.size(), row.lines);
      EXPECT_TRUE(row.lines == 0 || loaded->at(i)->attempts.back().number == row.lines);
      EXPECT_EQ(row.open, row.lines != 0 && loaded->at(i)->attempts.back().outcome == Outcome::unsettled &&
                              !loaded->at(i)->attempts.back().ended_at);
      reached_.blocked += row.s.state == State::blocked ? 1 : 0;
      const bool is_held = row.s.state == State::held && row.s.hold_reason == HoldReason::requirement;
      const bool was_held = row.s.hold_reason != HoldReason::none;
      const bool given_up = row.s.state == State::cancelled || row.s.state == State::expired;
      reached_.bound_in_doubt += given_up && !was_held && row.s.natural_key && row.keeps_natural_key ? 1 : 0;
      reached_.freed += row.s.state == State::delivered && row.s.natural_key && !row.keeps_natural_key ? 1 : 0;
      reached_.held_for_requirement += is_held ? 1 : 0;
      const bool waited = row.s.outcome_rule == "nothing_to_take_back" && row.s.version > 1;
      reached_.nothing_there += waited ? 1 : 0;
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
    for (const auto due_class :
         {DueClass::send, DueClass::probe, DueClass::fresh, DueClass::deadline, DueClass::read_back}) {
      std::vector<Model::DueRow> rows;
      const auto scanned = kv_.scan(Family::due, keys::due_prefix(lane, due_class), {}, [&](auto key, auto value) {
        const auto parsed = keys::parse_due(key);
        const auto entry = decode_due({Family::due, key}, value);
        EXPECT_TRUE(parsed && entry);
        if (parsed && entry) rows.emplace_back(parsed->time, parsed->position, entry->id);
        return true;
      });
      ASSERT_TRUE(scanned);
      EXPECT_EQ(rows, model_.due(lane, due_class)) << "class " << static_cast<int>(due_class);
      if (due_class != DueClass::send) continue;
      for (const auto& [time, position, id] : rows) reached_.passed_the_head += passes_its_head(position) ? 1 : 0;
    }
  }

  bool passes_its_head(std::uint64_t position) const {
    const Submission& s = model_.rows()[position - 1].s;
    return std::ranges::any_of(model_.rows(), [&](const Model::Row& row) {
      return row.s.position < position && row.s.ordering_key == s.ordering_key && !is_terminal(row.s.state);
    });
  }

  std::mt19937_64 random_;
  BookSettings settings_;
  MemoryKv kv_;
  Model model_{settings_.erase_delivered_at_once};
  WallTime now_ = at(noon_ms);
  std::uint64_t next_ = 0;
  Reached reached_;
};

TEST(BookAgainstModel, AfterEveryStep) {
  const char* given = std::getenv("TITIP_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const std::uint64_t runs = given != nullptr ? 1 : 200;
  Reached all;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    RandomWork work(seed);
    for (int step = 0; step < 120; ++step) {
      work.step();
      if (::testing::Test::HasFailure()) {
        FAIL() << "seed " << seed << ", step " << step << "; repeat with TITIP_SEED=" << seed;
      }
    }
    all += work.reached();
  }
  if (given != nullptr) return;
  all.expect_enough();
}

}  // namespace
}  // namespace titip::storage
