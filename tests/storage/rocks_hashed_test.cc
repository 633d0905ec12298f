// Families whose memory table is indexed by hash against the model in memory: look-ups, walks, old snapshots, while
// tables are flushed under them and after a start that replays the log.
#include <random>

#include "storage/memory_kv.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"
#include "tests/storage/support.h"

namespace titip::storage {
namespace {

constexpr std::array families{Family::head, Family::idempotency, Family::natural, Family::person};
constexpr std::size_t keys_in_play = 600;

class RocksHashedTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    if (kv) kv->close();
  }
  void open() {
    RocksSetup setup;
    setup.write_buffer_bytes = GetParam();
    kv = open_rocks_kv(directory.path() / "store", setup).value();
  }
  void reopen() {
    kv->close();
    kv.reset();
    open();
  }
  std::uint64_t draw(std::uint64_t below) { return random() % below; }
  // As digests are: 32 bytes in no order; some share their beginning, as the rows of one person do.
  std::string key(std::uint64_t number) const {
    std::mt19937_64 of(number / 3);
    std::string key;
    while (key.size() < 32) key.push_back(static_cast<char>(of()));
    return key + std::string(number % 3, static_cast<char>(number));
  }
  KvBatch some_writes() {
    KvBatch batch;
    for (std::uint64_t i = 0; i < 40; ++i) {
      KvWrite write{families[draw(families.size())], key(draw(keys_in_play)), std::nullopt};
      if (draw(4) != 0) write.value = std::to_string(draw(1000)) + std::string(draw(90), 'v');
      batch.push_back(std::move(write));
    }
    return batch;
  }
  void write() {
    const KvBatch batch = some_writes();
    ASSERT_TRUE(kv->commit(batch).has_value());
    ASSERT_TRUE(model.commit(batch).has_value());
  }
  static void expect_same(const KvReader& found, const KvReader& wanted) {
    for (const Family family : families) {
      std::vector<std::string> rows[2];
      const std::array<const KvReader*, 2> both{&found, &wanted};
      for (std::size_t i = 0; i < both.size(); ++i) {
        ASSERT_TRUE(both[i]->scan(family, {}, {}, [&](std::string_view at, std::string_view value) {
          rows[i].push_back(std::string(at) + "=" + std::string(value));
          return true;
        }));
      }
      ASSERT_EQ(rows[0], rows[1]);
    }
  }
  void expect_look_ups_agree(const KvReader& found, const KvReader& wanted) {
    for (const Family family : families) {
      std::vector<std::string> asked;
      for (int i = 0; i < 30; ++i) asked.push_back(key(draw(keys_in_play + 50)));
      ASSERT_EQ(found.multi_get(family, asked).value(), wanted.multi_get(family, asked).value());
      for (const std::string& each : asked) {
        ASSERT_EQ(found.get(family, each).value(), wanted.get(family, each).value());
      }
    }
  }

  std::mt19937_64 random{20261124};
  Directory directory;
  std::unique_ptr<Kv> kv;
  MemoryKv model;
};

TEST_P(RocksHashedTest, ReadsAsTheModelDoes) {
  for (int round = 0; round < 200; ++round) {
    write();
    expect_look_ups_agree(*kv, model);
    if (round % 20 == 0) expect_same(*kv, model);
    if (round % 70 == 69) reopen();
  }
  expect_same(*kv, model);
}

TEST_P(RocksHashedTest, ASnapshotSeesNothingYounger) {
  for (int round = 0; round < 10; ++round) write();
  const auto seen = kv->snapshot();
  for (int round = 0; round < 40; ++round) {
    ASSERT_TRUE(kv->commit(some_writes()).has_value());  // and not in the model
    expect_look_ups_agree(*seen, model);
  }
  expect_same(*seen, model);
}

TEST_P(RocksHashedTest, AWalkGoesOnWhileOthersWrite) {
  for (int i = 0; i < 10; ++i) write();
  std::size_t met = 0;
  std::size_t wanted = 0;
  ASSERT_TRUE(model.scan(Family::head, {}, {}, [&](auto, auto) { return ++wanted > 0; }));
  ASSERT_TRUE(kv->scan(Family::head, {}, {}, [&](std::string_view, std::string_view) {
    EXPECT_TRUE(kv->commit({{Family::head, std::string(32, static_cast<char>(met)) + "new", "row"}}).has_value());
    return ++met > 0;
  }));
  EXPECT_EQ(met, wanted);
}

INSTANTIATE_TEST_SUITE_P(Tables, RocksHashedTest, ::testing::Values(64U << 10U, 32U << 20U),
                         [](const auto& buffer) { return buffer.param > (1U << 20U) ? "kept" : "flushed"; });

}  // namespace
}  // namespace titip::storage
