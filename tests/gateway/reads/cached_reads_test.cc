#include "gateway/reads/cached_reads.h"

#include <gtest/gtest.h>

#include "tests/gateway/reads_support.h"

namespace titip::reads {
namespace {

using namespace std::chrono_literals;

class CachedReadsTest : public testing::Test {
 protected:
  CachedReadsTest() {
    route_.id = "referensi/alasan";
    route_.action = profile::Action::cache;
    route_.cache = profile::CacheRule{.fresh = 60s, .stale = 3600s, .shared = true};
    says("one");
  }

  void says(const std::string& what, int status = 200, int code = 200) {
    world_.transport.server = [=](const auto&) {
      return tests::national(status, code, "OK", R"({"x":")" + what + R"("})");
    };
  }
  void begin(std::string_view place = "a", std::string_view facility = "0905R002") {
    reads_->read(route_, std::string(place), {"GET", "/referensi/alasan", "", "", std::string(facility)},
                 [this](ReadAnswer answer) { answers_.push_back(std::move(answer)); });
  }
  ReadAnswer read(std::string_view place = "a", std::string_view facility = "0905R002") {
    answers_.clear();
    begin(place, facility);
    world_.run();
    EXPECT_EQ(answers_.size(), 1U);
    return answers_.empty() ? ReadAnswer{} : answers_.front();
  }
  void restart() { reads_.emplace(options_, world_.cached_doors()); }
  std::size_t asked() const { return world_.transport.seen.size(); }
  static std::string header(const ReadAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers)
      if (key == name) return value;
    return {};
  }
  bool counted(std::string_view source, int times) {
    return world_.registry.expose().contains("titip_reads_total{source=\"" + std::string(source) + "\"} " +
                                             std::to_string(times) + "\n");
  }

  tests::ReadsWorld world_;
  profile::Route route_;
  CacheOptions options_;
  std::optional<CachedReads> reads_{std::in_place, options_, world_.cached_doors()};
  std::vector<ReadAnswer> answers_;
};

TEST_F(CachedReadsTest, what_is_fresh_is_given_without_asking) {
  EXPECT_TRUE(read().body.contains("one"));
  says("two");
  world_.clock.advance(59s);
  const auto again = read();
  EXPECT_TRUE(again.body.contains("one"));
  EXPECT_EQ(header(again, "Age"), "59");
  EXPECT_EQ(header(again, "Warning"), "");
  EXPECT_EQ(asked(), 1U);
  world_.clock.advance(1s);
  EXPECT_TRUE(read().body.contains("two"));
  EXPECT_TRUE(counted("fresh", 1));
  EXPECT_TRUE(counted("upstream", 2));
}

TEST_F(CachedReadsTest, a_bare_refusal_is_answered_with_what_is_known_unless_it_is_about_a_person) {
  read();
  world_.transport.server = [](const auto&) { return rules::Reply{401, "text/html", "<html>", {}}; };
  world_.clock.advance(120s);
  const auto stale = read();
  EXPECT_EQ(stale.status, 200);
  EXPECT_TRUE(header(stale, "Warning").starts_with("110 "));
  EXPECT_EQ(read("b").status, 401) << "nothing is known of it";
  route_.cache->personal = true;
  route_.cache->shared = false;
  says("a person");
  read("c");
  world_.transport.server = [](const auto&) { return rules::Reply{401, "text/html", "<html>", {}}; };
  world_.clock.advance(120s);
  EXPECT_EQ(read("c").status, 401);
}

TEST_F(CachedReadsTest, while_the_server_is_down_the_kept_one_is_given_marked_as_stale) {
  read();
  world_.server_goes_down();
  world_.clock.advance(120s);
  const auto answer = read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.contains("one"));
  EXPECT_TRUE(header(answer, "Warning").starts_with("110 "));
  EXPECT_TRUE(counted("stale", 1));
  world_.clock.advance(3540s);
  EXPECT_EQ(read().status, 503) << "too old";
  EXPECT_EQ(read("another").status, 503) << "never read";
}

TEST_F(CachedReadsTest, a_server_that_hangs_is_one_that_is_not_there) {
  read();
  world_.clock.advance(120s);
  world_.transport.server = {};
  answers_.clear();
  begin();
  world_.pass(1'700ms);
  EXPECT_TRUE(answers_.empty());
  world_.pass(100ms);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(header(answers_[0], "Warning").starts_with("110 "));
}

TEST_F(CachedReadsTest, it_outlives_the_process_sealed) {
  read();
  restart();
  says("two");
  EXPECT_TRUE(read().body.contains("one"));
  EXPECT_EQ(asked(), 1U);
}

TEST_F(CachedReadsTest, what_is_about_a_person_is_in_memory_alone) {
  route_.cache->personal = true;
  route_.cache->shared = false;
  read();
  EXPECT_TRUE(read().body.contains("one"));
  EXPECT_EQ(asked(), 1U);
  restart();
  says("two");
  EXPECT_TRUE(read().body.contains("two"));
  EXPECT_EQ(asked(), 2U);
}

TEST_F(CachedReadsTest, facilities_share_reference_data_alone) {
  read();
  EXPECT_EQ(header(read("a", "0905R003"), "Age"), "0");
  EXPECT_EQ(asked(), 1U);
  route_.cache->shared = false;
  read();
  read("a", "0905R003");
  EXPECT_EQ(asked(), 3U);
}

TEST_F(CachedReadsTest, equal_reads_at_the_same_time_are_one_call) {
  route_.cache->personal = true;  // nothing to look up first
  for (int i = 0; i < 5; ++i) begin();
  begin("b");
  world_.run();
  ASSERT_EQ(answers_.size(), 6U);
  for (const auto& answer : answers_) EXPECT_TRUE(answer.body.contains("one"));
  EXPECT_EQ(asked(), 2U);
}

TEST_F(CachedReadsTest, errors_and_no_data_are_passed_on_and_not_kept) {
  for (const auto& [status, code] : {std::pair(404, 404), std::pair(200, 204), std::pair(412, 412)}) {
    says("no", status, code);
    EXPECT_EQ(read().status, status);
    const auto before = asked();
    read();
    EXPECT_EQ(asked(), before + 1) << status;
  }
}

TEST_F(CachedReadsTest, a_fault_is_the_askers_own) {
  route_.cache->personal = true;
  int calls = 0;
  world_.transport.server = [&calls](const auto&) {
    return ++calls == 1 ? tests::national(401, 401, "Password salah")
                        : tests::national(200, 200, "OK", R"({"x":"one"})");
  };
  begin();
  begin();
  begin();
  world_.run();
  ASSERT_EQ(answers_.size(), 3U);
  EXPECT_EQ(answers_[0].status, 401);
  EXPECT_EQ(answers_[1].status, 200);
  EXPECT_EQ(answers_[2].status, 200);
}

TEST_F(CachedReadsTest, what_is_about_a_person_is_theirs_whom_the_server_let_see_it) {
  route_.cache->personal = true;
  route_.cache->shared = false;
  const auto read_as = [this](const std::string& authorization) {
    answers_.clear();
    reads_->read(route_, "a", {"GET", "/x", "", "", "0905R002", nullptr, {"", authorization}},
                 [this](ReadAnswer answer) { answers_.push_back(std::move(answer)); });
    world_.run();
  };
  read_as("one");
  read_as("one");
  EXPECT_EQ(asked(), 1U);
  read_as("another");
  EXPECT_EQ(asked(), 2U);
}

TEST_F(CachedReadsTest, what_could_not_be_opened_is_not_kept) {
  world_.transport.server = [](const auto&) { return tests::national(200, 200, "OK", R"("sealed")"); };
  read();
  read();
  EXPECT_EQ(asked(), 2U);
}

TEST_F(CachedReadsTest, a_disk_that_is_nearly_full_is_for_submissions) {
  world_.store.health_now = world_.store.health();
  world_.store.health_now->disk_low = true;
  read();
  restart();
  read();
  EXPECT_EQ(asked(), 2U);
}

TEST_F(CachedReadsTest, memory_is_bounded_and_the_last_used_stay) {
  options_.memory_bytes = 1'000;
  options_.longest_answer = 600;
  restart();
  route_.cache->personal = true;
  says(std::string(300, 'x'));
  read("a");
  read("b");
  read("a");
  read("c");
  EXPECT_EQ(reads_->in_memory(), 2U);
  const auto before = asked();
  read("a");
  EXPECT_EQ(asked(), before);
  read("b");
  EXPECT_EQ(asked(), before + 1);
  says(std::string(600, 'x'));
  read("long");
  read("long");
  EXPECT_EQ(asked(), before + 3) << "too long to keep";
}

}  // namespace
}  // namespace titip::reads
