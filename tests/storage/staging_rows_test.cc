// Rows that are kept decoded for a group: they say the same as their bytes, are undone with their call, and are written
// as whoever encodes them at once would have written them.
#include <gtest/gtest.h>

#include <random>

#include "storage/memory_kv.h"
#include "storage/tables.h"
#include "tests/storage/faulty_kv.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr Family counts = Family::counts;

template <class T>
std::string bytes_of(const std::string& key, const T& value) {
  return encode(Place{counts, key}, value);
}
std::string bytes_of(const std::string& key, int value) {
  return bytes_of(key, static_cast<std::uint64_t>(value));
}

class StagingRowsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    DestinationCounts total;
    total.accepted = 7;
    ASSERT_TRUE(kv.commit({{counts, "number", bytes_of("number", 41)},
                           {counts, "total", bytes_of("total", total)},
                           {counts, "fine", bytes_of("fine", std::vector<FineCount>{{State::queued, "busy", 3}})}}));
  }
  Staging::Row row(const std::string& key) { return staging.row(counts, key); }
  void set(const std::string& key, std::uint64_t to) {
    auto* number = staging.change(row(key), decode_number);
    ASSERT_NE(number, nullptr);
    *number = to;
  }
  // -1: not there. Read both ways, which must agree.
  std::int64_t number(const std::string& key) {
    const auto* decoded = staging.look(row(key), decode_number);
    const auto said = decoded != nullptr ? static_cast<std::int64_t>(*decoded) : -1;
    const std::string* bytes = staging.get(counts, key);
    EXPECT_EQ(bytes != nullptr, decoded != nullptr);
    if (bytes != nullptr && decoded != nullptr) EXPECT_EQ(*bytes, bytes_of(key, *decoded));
    return said;
  }
  MemoryKv kv;
  Staging staging{kv};
};

TEST_F(StagingRowsTest, AChangeIsSeenBothWays) {
  EXPECT_EQ(number("number"), 41);
  EXPECT_EQ(number("new"), -1);
  set("number", 42);
  set("new", 1);
  EXPECT_EQ(number("number"), 42);
  EXPECT_EQ(number("new"), 1);
  staging.put(counts, "number", bytes_of("number", 50));
  EXPECT_EQ(number("number"), 50);
  set("number", 51);
  const auto listed = staging.list(counts, "n", "n", 9);
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].second, bytes_of("new", 1));
  EXPECT_EQ(listed[1].second, bytes_of("number", 51));
  staging.erase(row("number"));
  EXPECT_EQ(number("number"), -1);
  EXPECT_EQ(staging.list(counts, "n", "n", 9).size(), 1U);
  ASSERT_NE(staging.change(row("number"), decode_number), nullptr);
  EXPECT_EQ(number("number"), 0) << "what is not there begins at nothing";
}

TEST_F(StagingRowsTest, ACallIsRolledBackWhole) {
  set("number", 42);
  staging.erase(counts, "fine");
  staging.keep();
  set("number", 43);
  set("number", 44);
  set("new", 1);
  staging.put(counts, "number", bytes_of("number", 45));
  set("number", 46);
  staging.change(row("total"), decode_counts)->accepted = 8;
  staging.change(row("fine"), decode_fine_counts)->push_back({State::held, "", 1});
  EXPECT_EQ(number("number"), 46);
  staging.fail(Error::corrupt);
  EXPECT_EQ(staging.look(row("number"), decode_number), nullptr) << "nothing is read after a fault";
  EXPECT_EQ(staging.change(row("number"), decode_number), nullptr);
  staging.roll_back();
  EXPECT_EQ(number("number"), 42);
  EXPECT_EQ(number("new"), -1);
  EXPECT_EQ(staging.look(row("total"), decode_counts)->accepted, 7U);
  EXPECT_EQ(staging.look(row("fine"), decode_fine_counts), nullptr) << "it was erased by a call that was kept";
  // The same rows again, now that they have been undone once.
  set("number", 47);
  staging.erase(row("number"));
  staging.roll_back();
  EXPECT_EQ(number("number"), 42);
  set("number", 48);
  staging.keep();
  const KvBatch batch = staging.take_batch();
  ASSERT_EQ(batch.size(), 2U) << "neither the new one nor the one that was only undone";
  EXPECT_EQ(batch[0].key, "fine");
  EXPECT_FALSE(batch[0].value.has_value());
  EXPECT_EQ(batch[1].key, "number");
  EXPECT_EQ(batch[1].value, bytes_of("number", 48));
}

TEST_F(StagingRowsTest, AHandleOutlivesTheCallThatMadeItsRow) {
  staging.put(counts, "new", bytes_of("new", 1));
  staging.put(counts, "number", bytes_of("number", 1));
  const Staging::Row made = row("new");
  const Staging::Row there = row("number");
  staging.roll_back();
  EXPECT_EQ(staging.get(made), nullptr);
  ASSERT_NE(staging.get(there), nullptr) << "what lies below was never asked for, and is read now";
  EXPECT_EQ(*staging.get(there), bytes_of("number", 41));
  ++*staging.change(made, decode_number);
  EXPECT_EQ(number("new"), 1);
}

TEST_F(StagingRowsTest, WhatIsForeseenByItsHandleIsFetchedOnce) {
  FaultyKv faulty(std::make_shared<MemoryKv>());
  ASSERT_TRUE(faulty.commit({{counts, "a", bytes_of("a", 1)}, {counts, "b", bytes_of("b", 2)}}));
  Staging over(faulty);
  over.want(over.row(counts, "b"));
  over.want(counts, "a");
  over.want(over.row(counts, "a"));
  over.fetch();
  faulty.fail_reads = KvError{KvError::Kind::failed, "gone"};
  over.fetch();
  for (const std::string key : {"a", "b"}) {
    const auto* decoded = over.look(over.row(counts, key), decode_number);
    ASSERT_NE(decoded, nullptr) << key;
    EXPECT_EQ(*decoded, key == "a" ? 1U : 2U);
  }
  EXPECT_EQ(over.look(over.row(counts, "c"), decode_number), nullptr);
  EXPECT_EQ(over.fault(), Error::unavailable) << "it was not foreseen";
}

TEST_F(StagingRowsTest, DamageIsAFaultEachTimeItIsMet) {
  ASSERT_TRUE(kv.commit({{counts, "number", "rot"}}));
  for (int time = 1; time <= 3; ++time) {
    EXPECT_EQ(time == 2 ? staging.change(row("number"), decode_number) : staging.look(row("number"), decode_number),
              nullptr);
    EXPECT_EQ(staging.fault(), Error::corrupt);
    const auto damage = staging.take_damage();
    ASSERT_EQ(damage.size(), 1U);
    EXPECT_EQ(damage[0].family, counts);
    EXPECT_EQ(damage[0].key, "number");
    staging.roll_back();
  }
  ASSERT_NE(staging.get(counts, "number"), nullptr) << "its bytes are as they were found";
  EXPECT_EQ(*staging.get(counts, "number"), "rot");
  staging.put(counts, "number", bytes_of("number", 1));
  EXPECT_EQ(number("number"), 1);
  EXPECT_FALSE(staging.fault().has_value());
}

TEST_F(StagingRowsTest, OneMoreOrOneFewerAndNeverZero) {
  step(staging, row("new"), true);
  step(staging, row("new"), true);
  EXPECT_EQ(number("new"), 2);
  step(staging, row("new"), false);
  step(staging, row("new"), false);
  EXPECT_EQ(number("new"), -1);
  EXPECT_FALSE(staging.fault().has_value());
  step(staging, row("new"), false);
  EXPECT_EQ(staging.fault(), Error::corrupt);
}

// What a Staging that knows bytes alone would hold and write.
class Plainly {
 public:
  struct Entry {
    std::optional<std::string> value;
    bool written = false;
  };
  explicit Plainly(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) now_[key] = {};
    kept_ = now_;
  }
  void below(const std::string& key, std::string bytes) { now_[key].value = kept_[key].value = std::move(bytes); }
  void set(const std::string& key, std::optional<std::string> value) { now_[key] = {std::move(value), true}; }
  const std::optional<std::string>& value(const std::string& key) const { return now_.at(key).value; }
  void keep() { kept_ = now_; }
  void roll_back() { now_ = kept_; }
  const std::map<std::string, Entry>& entries() const { return kept_; }

 private:
  std::map<std::string, Entry> now_;
  std::map<std::string, Entry> kept_;
};

const std::vector<std::string> numbers{"n1", "n2", "n3"};
const std::vector<std::string> totals{"t1", "t2"};
const std::vector<std::string> fines{"x1", "x2"};

// Random calls over a few rows, each done both ways; all rows are compared after each of them, the batch at the end.
class RandomCalls {
 public:
  explicit RandomCalls(std::uint64_t seed) : random_(seed), plainly_(all_keys()) {
    for (const std::string& key : {numbers[0], numbers[1]}) begin_with(key, bytes_of(key, 5));
    begin_with(totals[0], bytes_of(totals[0], DestinationCounts{}));
    begin_with(fines[0], bytes_of(fines[0], std::vector<FineCount>{{State::held, "x", 2}}));
  }
  void run() {
    for (int call = 0; call < 30 && !::testing::Test::HasFailure(); ++call) {
      for (std::uint64_t left = below(6); left > 0; --left) act();
      if (below(3) == 0) {
        staging_.roll_back();
        plainly_.roll_back();
      } else {
        staging_.keep();
        plainly_.keep();
      }
      for (const std::string& key : all_keys()) compare(key);
    }
    KvBatch expected;
    for (const auto& [key, entry] : plainly_.entries()) {
      if (entry.written) expected.push_back({counts, key, entry.value});
    }
    const KvBatch batch = staging_.take_batch();
    ASSERT_EQ(batch.size(), expected.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      EXPECT_EQ(batch[i].key, expected[i].key);
      EXPECT_EQ(batch[i].value, expected[i].value) << batch[i].key;
    }
  }

 private:
  static std::vector<std::string> all_keys() {
    std::vector<std::string> keys = numbers;
    for (const auto* more : {&totals, &fines}) keys.insert(keys.end(), more->begin(), more->end());
    return keys;
  }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  const std::string& one_of(const std::vector<std::string>& keys) { return keys[below(keys.size())]; }
  void begin_with(const std::string& key, const std::string& bytes) {
    ASSERT_TRUE(kv_.commit({{counts, key, bytes}}));
    plainly_.below(key, bytes);
  }
  template <class T, class Change>
  void change(const std::string& key, Decode<T> decode, Change change) {
    T value{};
    if (const auto& before = plainly_.value(key)) value = *decode({counts, key}, *before);
    change(value);
    const std::string bytes = bytes_of(key, value);
    plainly_.set(key, bytes);
    if (below(4) == 0) return staging_.put(counts, key, bytes);
    T* decoded = staging_.change(staging_.row(counts, key), decode);
    ASSERT_NE(decoded, nullptr);
    change(*decoded);
  }
  void act() {
    const std::uint64_t more = below(1000);
    switch (below(6)) {
      case 0:
      case 1:
        return change(one_of(numbers), decode_number, [&](std::uint64_t& number) { number += more; });
      case 2:
        return change(one_of(totals), decode_counts, [&](DestinationCounts& total) { total.by_state[1] += more; });
      case 3:
        return change(one_of(fines), decode_fine_counts, [&](std::vector<FineCount>& row) {
          if (row.size() < 3) return row.push_back({State::held, "rule " + std::to_string(more), more});
          row.erase(row.begin());
        });
      case 4: {
        const std::string key = one_of(all_keys());
        plainly_.set(key, std::nullopt);
        return below(2) == 0 ? staging_.erase(counts, key) : staging_.erase(staging_.row(counts, key));
      }
      default:
        return compare(one_of(all_keys()));
    }
  }
  void compare(const std::string& key) {
    if (below(2) == 0) return;  // so that some are never encoded before the end
    const std::string* bytes = staging_.get(counts, key);
    EXPECT_EQ(bytes != nullptr ? std::optional(*bytes) : std::nullopt, plainly_.value(key)) << key;
  }

  std::mt19937_64 random_;
  Plainly plainly_;
  MemoryKv kv_;
  Staging staging_{kv_};
};

TEST(StagingRows, AreWhatTheyWouldBeAsBytes) {
  for (std::uint64_t seed = 1; seed <= 300 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomCalls(seed).run();
  }
}

}  // namespace
}  // namespace titip::storage
