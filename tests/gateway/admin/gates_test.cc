#include "gateway/admin/gates.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/open.h"
#include "storage/waiting_home.h"
#include "tests/gateway/fakes.h"

namespace titip::admin {
namespace {

class GatesTest : public testing::Test {
 protected:
  GatesTest() {
    storage::StoreOptions options;
    options.now = [] { return tests::morning; };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    store_ = storage::open_memory_store(std::move(options), storage::Pumping::thread);
  }
  ~GatesTest() override { store_->close(); }

  void put(const std::string& destination, std::string bytes) {
    storage::WaitingHome home;
    const auto applied = home.ask<std::vector<storage::Applied>>([&](auto done) {
      store_->put_objects({{std::string(gate_kind), destination, std::nullopt, std::move(bytes)}}, home,
                          std::move(done));
    });
    ASSERT_TRUE(applied);
  }

  std::unique_ptr<storage::MemoryStore> store_;
};

TEST_F(GatesTest, come_back_as_they_were_set) {
  EXPECT_TRUE(read_gates(*store_)->empty());
  put("pcare", encode({"restored \"from\" a backup", "2026-08-15T02:12:03.004Z"}));
  const auto gates = read_gates(*store_);
  ASSERT_TRUE(gates);
  ASSERT_EQ(gates->size(), 1U);
  EXPECT_EQ(gates->at("pcare").reason, "restored \"from\" a backup");
  EXPECT_EQ(gates->at("pcare").since, "2026-08-15T02:12:03.004Z");
}

// What nobody can read must not open a gate.
TEST_F(GatesTest, an_unreadable_one_is_a_gate_all_the_same) {
  for (const auto* bytes : {"{", "[]", "{}", "null", R"({"reason":7})", "\xff"}) {
    put("pcare", bytes);
    const auto gates = read_gates(*store_);
    ASSERT_TRUE(gates);
    ASSERT_TRUE(gates->contains("pcare")) << bytes;
    EXPECT_FALSE(gates->at("pcare").reason.empty()) << bytes;
  }
}

TEST_F(GatesTest, all_are_read_however_many) {
  for (int number = 0; number < 250; ++number) put(fmt::format("d{:03}", number), encode({"a", "b"}));
  EXPECT_EQ(read_gates(*store_)->size(), 250U);
}

TEST_F(GatesTest, one_is_taken_away_once) {
  put("pcare", encode({"restored", "2026-08-15T02:12:03.004Z"}));
  put("other", encode({"restored", "2026-08-15T02:12:03.004Z"}));
  const auto first = remove_gate(*store_, "pcare");
  ASSERT_TRUE(first && first->gate);
  EXPECT_EQ(first->gate->reason, "restored");
  const auto second = remove_gate(*store_, "pcare");
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->gate);
  EXPECT_EQ(read_gates(*store_)->size(), 1U);
}

}  // namespace
}  // namespace titip::admin
