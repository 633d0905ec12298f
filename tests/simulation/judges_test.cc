// The judges of one thing each: the breaker seen from outside, attempts, ages, what waits, contents, a restore. Each
// must find the fault that is planted for it.
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/keys.h"
#include "storage/memory_kv.h"
#include "storage/payload.h"
#include "storage/queue_store.h"
#include "storage/restore.h"
#include "tests/simulation/breaker_watch.h"
#include "tests/simulation/contents.h"
#include "tests/simulation/controls.h"
#include "tests/simulation/restores.h"
#include "tests/simulation/waits.h"
#include "tests/simulation/watched_kv.h"

namespace titip::simulation {
namespace {

using namespace std::chrono_literals;
using storage::Family;
using storage::HoldReason;
using storage::State;

class Breaker : public testing::Test {
 protected:
  void call(bool served, const std::string& who, bool is_write = true) {
    watch.ended(clock.steady(), watch.began(clock.steady(), is_write, who), served);
  }
  void fail_everybody() {
    for (int i = 0; i < 5; ++i) call(false, i % 2 == 0 ? "a" : "b");
  }
  bool objects() const { return watch.objection(clock.steady()).has_value(); }
  tests::FakeClock clock;
  BreakerWatch watch{{15s, 120s}};
};

TEST_F(Breaker, nothing_is_written_to_a_server_that_fails_everybody) {
  fail_everybody();
  EXPECT_TRUE(objects());
  clock.advance(16s);
  EXPECT_TRUE(objects()) << "nobody was answered yet";
  call(true, "", false);
  EXPECT_FALSE(objects());
}

TEST_F(Breaker, one_at_a_time_until_three_were_answered) {
  fail_everybody();
  clock.advance(16s);
  call(true, "", false);
  const auto first = watch.began(clock.steady(), true, "a");
  EXPECT_TRUE(objects());
  watch.ended(clock.steady(), first, true);
  EXPECT_FALSE(objects());
  call(true, "b");
  const auto other = watch.began(clock.steady(), true, "c");
  EXPECT_FALSE(objects());
  watch.ended(clock.steady(), other, true);
}

TEST_F(Breaker, the_pause_doubles) {
  fail_everybody();
  clock.advance(16s);
  call(true, "", false);
  call(false, "a");
  clock.advance(29s);
  call(true, "", false);
  EXPECT_TRUE(objects());
  clock.advance(2s);
  EXPECT_FALSE(objects());
}

TEST_F(Breaker, a_question_that_fails_brings_the_first_pause_again) {
  fail_everybody();
  for (int i = 0; i < 3; ++i) {
    clock.advance(16s);
    EXPECT_TRUE(objects()) << "nobody was answered yet";
    call(false, "", false);
  }
  clock.advance(14s);
  call(true, "", false);
  EXPECT_TRUE(objects());
  clock.advance(2s);
  EXPECT_FALSE(objects());
}

TEST_F(Breaker, what_may_not_have_been_counted_does_not_speak_against_the_server) {
  fail_everybody();
  clock.advance(16s);
  call(true, "", false);
  call(true, "a");
  call(true, "b");  // three answers; of writes there are two
  call(true, "c");
  for (int i = 0; i < 4; ++i) call(false, i % 2 == 0 ? "a" : "b");
  EXPECT_FALSE(objects()) << "four calls, if questions do not count";
  clock.advance(11s);
  for (int i = 0; i < 3; ++i) call(true, "a");
  for (int i = 0; i < 4; ++i) call(false, i % 2 == 0 ? "a" : "b");
  EXPECT_FALSE(objects()) << "four, if it has taken fright unseen";
}

TEST_F(Breaker, counts_anew_when_three_writes_were_answered) {
  fail_everybody();
  clock.advance(16s);
  for (int i = 0; i < 4; ++i) call(true, "a");
  clock.advance(11s);
  fail_everybody();
  EXPECT_TRUE(objects());
}

TEST_F(Breaker, one_person_alone_is_no_outage) {
  for (int i = 0; i < 9; ++i) call(false, "a");
  EXPECT_FALSE(objects());
}

TEST_F(Breaker, what_is_half_served_over_ten_seconds_is_none) {
  for (int i = 0; i < 6; ++i) call(true, "a");
  fail_everybody();
  EXPECT_FALSE(objects());
  clock.advance(11s);
  fail_everybody();
  EXPECT_TRUE(objects());
}

TEST_F(Breaker, whoever_lets_every_call_hang_fails_everybody_too) {
  const auto hang = [&](const std::string& who) {
    const auto one = watch.began(clock.steady(), true, who);
    clock.advance(20s);
    watch.ended(clock.steady(), one, false);
  };
  for (const auto* who : {"a", "b", "c", "d"}) hang(who);
  EXPECT_FALSE(objects());
  call(true, "e");
  for (const auto* who : {"a", "b", "c", "d"}) hang(who);
  EXPECT_FALSE(objects()) << "one was answered in between";
  hang("a");
  EXPECT_TRUE(objects());
}

TEST_F(Breaker, two_who_hang_now_and_then_are_no_outage) {
  for (int i = 0; i < 9; ++i) {
    const auto one = watch.began(clock.steady(), true, i % 2 == 0 ? "a" : "b");
    clock.advance(20s);
    watch.ended(clock.steady(), one, false);
    clock.advance(4s);
  }
  EXPECT_FALSE(objects());
}

TEST_F(Breaker, it_may_take_fright_at_what_began_before_it_may_have_done_so) {
  const auto before = watch.began(clock.steady(), true, "z");
  for (int i = 0; i < 5; ++i) {
    const auto one = watch.began(clock.steady(), true, "a");
    clock.advance(20s);
    watch.ended(clock.steady(), one, false);
  }
  for (int i = 0; i < 8; ++i) call(true, "a");
  for (const auto* who : {"b", "c", "d", "e"}) call(false, who);
  watch.ended(clock.steady(), before, false);  // half of ten, if it counts
  clock.advance(16s);
  for (int i = 0; i < 3; ++i) call(true, "a");
  for (const auto* who : {"b", "c", "d"}) call(false, who);
  EXPECT_FALSE(objects()) << "three calls, if it was open meanwhile";
}

// By one commit, in another order than that of their ids.
TEST(WatchedKv, who_came_first_is_said_by_the_places) {
  tests::FakeClock clock;
  Findings findings{clock, false};
  Records records{findings};
  WatchedKv kv(records, findings);
  const auto written = [&](std::uint8_t id, std::uint64_t position) {
    Form form;
    form.token = fmt::format("T{}", position);
    form.nik = "33";
    storage::Submission s;
    s.id.bytes[15] = id;
    s.position = position;
    s.version = 1;
    s.state = State::queued;
    records.expect(s.id, records.add(std::move(form)));
    auto key = storage::keys::of(s.id);
    auto value = storage::encode({Family::meta, key}, storage::Record{s, 0, 0});
    return storage::KvWrite{Family::meta, std::move(key), std::move(value)};
  };
  ASSERT_TRUE(kv.commit({written(1, 2), written(2, 1)}));
  EXPECT_FALSE(findings.any());
  const auto& line = records.of_person("33");
  ASSERT_EQ(line.size(), 2U);
  EXPECT_EQ(line[0]->form->token, "T1");
  EXPECT_EQ(line[1]->form->token, "T2");
  ASSERT_TRUE(kv.commit({written(3, 2)}));
  ASSERT_TRUE(findings.any()) << "a later commit gave an earlier place";
  EXPECT_EQ(findings.first()->promise, "order");
}

TEST(Controls, another_fault_does_not_count_as_caught) {
  for (const auto& control : all_controls) {
    EXPECT_TRUE(is_caught_by(control, control.promises[0])) << control.name;
    EXPECT_FALSE(is_caught_by(control, "gateway")) << control.name;
    EXPECT_FALSE(is_caught_by(control, "")) << control.name;
  }
}

TEST(Contents, one_byte_less_is_found) {
  const tests::TestSealer sealer;
  Form form;
  form.route = "vaksin/simpan";
  form.body = R"({"nik":"33"})";
  storage::Record record;
  record.submission.route = form.route;
  record.submission.id.bytes[15] = 1;
  const auto key = (*sealer).new_data_key(record.submission.id);
  record.submission.wrapped_key = key.wrapped;
  const auto fault = [&](std::string body, std::string method) {
    const auto text =
        storage::encode(storage::Payload{std::move(method), "/vaksin/simpan", "application/json", std::move(body), {}});
    return fault_of_content(*sealer, form, record, (*sealer).seal(key.key, record.submission.id, "payload", text));
  };
  EXPECT_EQ(fault(form.body, "POST"), "");
  EXPECT_NE(fault(R"({"nik":"3"})", "POST"), "");
  EXPECT_NE(fault(form.body, "PUT"), "");
  EXPECT_NE(fault_of_content(*sealer, form, record, storage::Sealed{"rot"}), "");
  EXPECT_NE(fault_of_content(*sealer, form, record, std::nullopt), "");
  EXPECT_NE(fault_of_content(*sealer, form, std::nullopt, std::nullopt), "");
}

// Some records in a store, a backup of it, and what a restore makes of them.
class Restored : public testing::Test {
 protected:
  void SetUp() override {
    storage::StoreOptions options;
    options.now = [this] { return clock.wall(); };
    options.free_space_floor_bytes = 0;
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    auto store = storage::QueueStore::open(kv, options, storage::Pumping::by_hand).value();
    tests::FakeHome home;
    for (std::uint8_t i = 1; i <= 2; ++i) {
      storage::NewSubmission incoming;
      incoming.submission.id = id(i);
      incoming.submission.destination = "pcare";
      incoming.submission.facility = "F001";
      incoming.submission.ordering_key[0] = i;
      incoming.payload = storage::Sealed{"sealed"};
      store->accept({incoming}, home, [](const auto&) {});
    }
    while (store->pump() || home.run()) {
    }
    storage::Transition hold;
    hold.id = id(2);
    hold.expected_state = State::queued;
    hold.expected_version = 1;
    hold.event = storage::Event::hold;
    store->transition({hold}, home, [](const auto&) {});
    while (store->pump() || home.run()) {
    }
    store->close();
    store.reset();
    backup = copy(*kv);
    clock.advance(1h);
    ASSERT_TRUE(storage::mark_restored(*kv, std::nullopt, clock.wall(), {}));
  }
  static storage::SubmissionId id(std::uint8_t number) {
    storage::SubmissionId made;
    made.bytes[15] = number;
    return made;
  }
  static std::shared_ptr<storage::MemoryKv> copy(const storage::MemoryKv& from) {
    auto made = std::make_shared<storage::MemoryKv>();
    for (std::size_t i = 0; i < storage::family_count; ++i) {
      const auto family = static_cast<Family>(i);
      (void)from.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
        (void)made->commit({{family, std::string(key), std::string(value)}});
        return true;
      });
    }
    return made;
  }
  void change(std::uint8_t number, const std::function<void(storage::Submission&)>& how) {
    const auto key = storage::keys::of(id(number));
    auto record = *storage::decode_record({Family::meta, key}, **kv->get(Family::meta, key));
    how(record.submission);
    (void)kv->commit({{Family::meta, key, storage::encode({Family::meta, key}, record)}});
  }
  bool is_found(LostStore lost = {}) {
    Findings findings(clock, false);
    judge_restore(*backup, *kv, lost, findings);
    return findings.any() && findings.first()->promise == "restore";
  }

  tests::FakeClock clock;
  std::shared_ptr<storage::MemoryKv> kv = std::make_shared<storage::MemoryKv>();
  std::shared_ptr<storage::MemoryKv> backup;
};

TEST_F(Restored, as_it_must_be) {
  EXPECT_FALSE(is_found());
  EXPECT_TRUE(has_gate(*kv, "pcare"));
  EXPECT_FALSE(has_gate(*backup, "pcare"));
}

TEST_F(Restored, what_was_pending_is_queued) {
  change(1, [](auto& s) { s.state = State::queued; });
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, what_was_held_is_let_go) {
  change(2, [](auto& s) { s.state = State::unknown; });
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, what_was_held_would_be_sent_without_asking) {
  change(2, [](auto& s) { s.hold_reason = HoldReason::person; });
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, a_record_is_gone) {
  (void)kv->commit({{Family::meta, storage::keys::of(id(1)), std::nullopt}});
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, the_content_is_another) {
  (void)kv->commit({{Family::payload, storage::keys::of(id(1)), "other"}});
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, the_epoch_is_the_old_one) {
  const auto name = std::string(storage::keys::epoch);
  (void)kv->commit({{Family::info, name, **backup->get(Family::info, name)}});
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, the_gap_is_not_told_or_is_another) {
  EXPECT_TRUE(is_found({.epoch = 1, .last_position = 7}));
  std::string gap;
  (void)kv->scan(Family::object, storage::keys::object_prefix(storage::gap_kind), {}, [&](std::string_view key, auto) {
    gap = key;
    return true;
  });
  (void)kv->commit({{Family::object, gap, std::nullopt}});
  EXPECT_TRUE(is_found());
}

TEST_F(Restored, nothing_was_done_at_all) {
  kv = copy(*backup);
  EXPECT_TRUE(is_found());
}

}  // namespace
}  // namespace titip::simulation
