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
  EXPECT_TRUE(read_gates(*store_)->own.empty());
  put("pcare", encode({words::verbatim("restored \"from\" a backup"), "2026-08-15T02:12:03.004Z"}));
  const auto gates = read_gates(*store_);
  ASSERT_TRUE(gates);
  ASSERT_EQ(gates->own.size(), 1U);
  EXPECT_EQ(gates->own.at("pcare").reason.english(), "restored \"from\" a backup");
  EXPECT_EQ(gates->own.at("pcare").since, "2026-08-15T02:12:03.004Z");
}

// Titip's own words are kept in both languages, whatever language the process speaks that shuts the gate; a person's
// words, and those of a version that knew one language, are the same in both.
TEST_F(GatesTest, are_kept_in_both_languages) {
  const auto since = "2026-08-15T02:12:03.004Z";
  put("pcare", encode({words::Said("it is gone", "sudah tidak ada"), since}));
  put("icare", encode({words::verbatim("a person looks"), since}));
  put("older", R"({"reason":"restored","since":"2026-08-15T02:12:03.004Z"})");
  const auto gates = read_gates(*store_);
  ASSERT_TRUE(gates);
  const auto in_both = [&](const char* name) {
    const auto& reason = gates->own.at(name).reason;
    return std::pair(reason.english(), reason.in(words::Language::id));
  };
  EXPECT_EQ(in_both("pcare"), (std::pair<std::string, std::string>("it is gone", "sudah tidak ada")));
  EXPECT_EQ(in_both("icare"), (std::pair<std::string, std::string>("a person looks", "a person looks")));
  EXPECT_EQ(in_both("older"), (std::pair<std::string, std::string>("restored", "restored")));
}

// What nobody can read must not open a gate.
TEST_F(GatesTest, an_unreadable_one_is_a_gate_all_the_same) {
  for (const auto* bytes : {"{", "[]", "{}", "null", R"({"reason":7})", "\xff"}) {
    put("pcare", bytes);
    const auto gates = read_gates(*store_);
    ASSERT_TRUE(gates);
    ASSERT_TRUE(gates->own.contains("pcare")) << bytes;
    EXPECT_FALSE(gates->own.at("pcare").reason.empty()) << bytes;
  }
}

TEST_F(GatesTest, all_are_read_however_many) {
  for (int number = 0; number < 250; ++number) put(fmt::format("d{:03}", number), encode({words::verbatim("a"), "b"}));
  EXPECT_EQ(read_gates(*store_)->own.size(), 250U);
}

TEST_F(GatesTest, one_is_taken_away_once) {
  put("pcare", encode({words::verbatim("restored"), "2026-08-15T02:12:03.004Z"}));
  put("other", encode({words::verbatim("restored"), "2026-08-15T02:12:03.004Z"}));
  const auto first = remove_gate(*store_, "pcare", {});
  ASSERT_TRUE(first && first->gate);
  EXPECT_EQ(first->gate->reason.english(), "restored");
  const auto second = remove_gate(*store_, "pcare", {});
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->gate);
  EXPECT_EQ(read_gates(*store_)->own.size(), 1U);
}

// As a restore leaves it: a gate of its own for whom the backup knows, one before everybody else.
TEST_F(GatesTest, the_one_before_all_is_passed_by_whom_a_person_lets_through) {
  const std::vector<std::string> ours{"pcare", "satusehat"};
  put("pcare", encode({words::verbatim("restored"), "2026-08-15T02:12:03Z"}));
  put("*", encode({words::verbatim("restored"), "2026-08-15T02:12:03Z"}));
  for (const auto* name : {"pcare", "satusehat", "added next year"}) {
    ASSERT_TRUE(read_gates(*store_)->before(name)) << name;
    EXPECT_EQ(read_gates(*store_)->before(name)->reason.english(), "restored");
  }
  EXPECT_FALSE(remove_gate(*store_, "satusehatt", ours)->gate) << "mistyped";
  EXPECT_TRUE(read_gates(*store_)->before("satusehatt"));
  for (const auto& name : ours) {
    const auto removed = remove_gate(*store_, name, ours);
    ASSERT_TRUE(removed && removed->gate) << name;
    EXPECT_FALSE(read_gates(*store_)->before(name)) << name;
    EXPECT_FALSE(remove_gate(*store_, name, ours)->gate) << "once";
  }
  EXPECT_TRUE(read_gates(*store_)->before("added next year"));
  put("*", encode({words::verbatim("restored"), "2026-09-15T02:12:03Z"}));  // the next restore
  EXPECT_TRUE(read_gates(*store_)->before("satusehat"));
  EXPECT_TRUE(read_gates(*store_)->before("pcare"));
}

TEST_F(GatesTest, a_person_shuts_one_and_takes_it_away_again_and_again) {
  const auto facility = facility_gate_name("pcare", "P0001");
  for (int time = 0; time < 3; ++time) {
    EXPECT_EQ(set_gate(*store_, "pcare", {words::verbatim("a look"), "2026-08-15T02:12:03Z"}, false), true);
    EXPECT_EQ(set_gate(*store_, "pcare", {words::verbatim("another"), "2026-08-15T02:12:03Z"}, false), false)
        << "there is one";
    EXPECT_EQ(set_gate(*store_, facility, {words::verbatim("their app"), "2026-08-15T02:12:03Z"}, true), true);
    EXPECT_EQ(read_gates(*store_)->before("pcare")->reason.english(), "a look");
    EXPECT_EQ(read_gates(*store_)->facilities_of("pcare").at("P0001").reason.english(), "their app");
    EXPECT_TRUE(remove_gate(*store_, "pcare", {"pcare"})->gate);
    EXPECT_TRUE(remove_gate(*store_, facility, {"pcare"})->gate);
    EXPECT_FALSE(read_gates(*store_)->before("pcare"));
    EXPECT_TRUE(read_gates(*store_)->facilities.empty());
  }
}

}  // namespace
}  // namespace titip::admin
