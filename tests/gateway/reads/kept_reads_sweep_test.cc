#include "gateway/reads/kept_reads_sweep.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/reads/kept_read.h"
#include "tests/gateway/reads_support.h"

namespace titip::reads {
namespace {

using namespace std::chrono_literals;

class SweepTest : public testing::Test {
 protected:
  void keep(std::string name, std::chrono::seconds lasts) {
    const auto bytes = encode(KeptRead{world_.clock.wall(), lasts, 200, "", "x"});
    put(name, (*world_.sealer).seal_object(kept_read_kind, name, bytes).bytes);
  }
  void put(std::string name, std::string bytes) {
    world_.store.put_objects({{std::string(kept_read_kind), std::move(name), std::nullopt, std::move(bytes)}},
                             world_.home, [](const auto& applied) { ASSERT_TRUE(applied); });
    world_.run();
  }
  std::set<std::string> names() {
    std::set<std::string> all;
    world_.store.list_objects(std::string(kept_read_kind), "", 1'000, world_.home, [&](const auto& objects) {
      ASSERT_TRUE(objects);
      for (const auto& [name, object] : *objects) all.insert(name);
    });
    world_.run();
    return all;
  }
  static std::string number(int at) { return "0000000000000000000000000000000" + std::to_string(at); }

  tests::ReadsWorld world_;
};

TEST_F(SweepTest, what_is_over_goes_and_the_rest_stays) {
  for (int i = 0; i < 8; ++i) keep(number(i), i % 2 == 0 ? 60s : 3600s);
  put(number(8), "nobody can read this");
  KeptReadsSweep sweep({.every = 1h, .rest = 10ms, .page = 3},
                       {world_.store, world_.home, *world_.sealer, world_.clock, world_.timers});
  sweep.start();
  world_.clock.advance(60s);
  for (int i = 0; i < 8; ++i) world_.pass(10ms);
  EXPECT_EQ(names(), (std::set{number(1), number(3), number(5), number(7)}));
  world_.pass(1h);
  for (int i = 0; i < 8; ++i) world_.pass(10ms);
  EXPECT_EQ(names(), std::set<std::string>{});
  sweep.stop();
  world_.pass(2h);
  EXPECT_EQ(world_.timers.count(), 0U);
}

TEST_F(SweepTest, the_oldest_go_where_there_are_too_many_bytes) {
  const auto size = std::make_shared<KeptSize>();
  for (int i = 0; i < 8; ++i) {
    keep(number(i), 1'000'000s);
    world_.clock.advance(1h);
  }
  std::size_t each = 0;
  world_.store.list_objects(std::string(kept_read_kind), "", 1, world_.home,
                            [&](const auto& objects) { each = objects->front().second.bytes.size(); });
  world_.run();
  size->limit(8 * each);
  KeptReadsSweep sweep({.every = 1h, .rest = 10ms, .page = 3, .size = size},
                       {world_.store, world_.home, *world_.sealer, world_.clock, world_.timers});
  sweep.start();
  for (int i = 0; i < 4; ++i) world_.pass(10ms);
  EXPECT_EQ(size->bytes(), 8 * each) << "the first round counts";
  EXPECT_FALSE(size->take(1)) << "and then there is no room";
  for (int i = 0; i < 6; ++i) world_.pass(10ms);
  EXPECT_EQ(names(), (std::set{number(2), number(3), number(4), number(5), number(6), number(7)}));
  EXPECT_EQ(size->bytes(), 6 * each);
  EXPECT_TRUE(size->take(each));
  EXPECT_EQ(size->bytes(), 7 * each);
  sweep.stop();
}

}  // namespace
}  // namespace titip::reads
