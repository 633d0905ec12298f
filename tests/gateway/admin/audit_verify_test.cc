// The audit log is followed from end to end: what is broken is named, what was kept elsewhere is compared.
#include <fmt/format.h>

#include <set>

#include "tests/gateway/admin/queue_fixture.h"
#include "tests/storage/forwarding_store.h"

namespace titip::admin {
namespace {

// Answers as the store does where lines of the chain are not what they were.
class BrokenLog final : public storage::ForwardingStore {
 public:
  BrokenLog(storage::Store& behind, std::set<std::uint64_t> broken)
      : ForwardingStore(behind), broken_(std::move(broken)) {}
  void read_audit(std::uint64_t from, std::size_t limit, storage::Home& home,
                  storage::Done<std::vector<storage::AuditLine>> done) override {
    const auto first = broken_.lower_bound(from);
    if (first != broken_.end() && *first < from + limit)
      return storage::answer_error(home, std::move(done), storage::Error::corrupt);
    ForwardingStore::read_audit(from, limit, home, std::move(done));
  }

 private:
  const std::set<std::uint64_t> broken_;
};

class AuditVerify : public QueueFixture {
 protected:
  void write(int lines) {
    std::vector<std::string> batch;
    for (int at = 0; at < lines; ++at) batch.push_back(fmt::format("line {}", at));
    const auto done = home_.ask<std::vector<storage::AuditLine>>(
        [&](auto answer) { store_->append_audit(batch, home_, std::move(answer)); });
    EXPECT_TRUE(done);
  }
  Ended verify(std::string kept = {}) { return ask({.command = Command::audit_verify, .after = std::move(kept)}); }
  Ended verify_broken(std::set<std::uint64_t> broken) {
    BrokenLog log(*store_, std::move(broken));
    const Doors doors{log, *sealer_, clock_, {}, {}, {}, {}, {}, {}};
    Quiet telling;
    return run({.command = Command::audit_verify}, doors, telling);
  }
};

TEST_F(AuditVerify, a_whole_log_says_what_to_keep) {
  EXPECT_EQ(verify().sentence.english(), "The audit log is whole: 0 lines.");
  write(600);
  const auto ended = verify();
  EXPECT_FALSE(ended.trouble) << ended.sentence.english();
  EXPECT_EQ(result_of(ended).at("lines"), 600);
  const auto last = result_of(ended).at("last");
  EXPECT_EQ(last.at("number"), 600);
  const auto kept = "600:" + last.at("hash").get<std::string>();
  EXPECT_TRUE(ended.sentence.english().contains(kept));
  write(3);
  EXPECT_FALSE(verify(kept).trouble) << "it is there still, in the middle";
  auto other = kept;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_TRUE(verify(other).sentence.english().contains("Line 600 is not the one"));
  EXPECT_EQ(verify(other).trouble, Trouble::failed);
  EXPECT_TRUE(verify("700" + kept.substr(3)).sentence.english().contains("there is no such line"));
  for (const auto* bad : {"x", "0:ab", "7", "7:ab"}) EXPECT_EQ(verify(bad).trouble, Trouble::usage) << bad;
}

TEST_F(AuditVerify, broken_lines_are_named_and_what_is_behind_is_read) {
  write(900);
  write(300);
  const auto one = verify_broken({7});
  EXPECT_EQ(one.trouble, Trouble::failed);
  EXPECT_TRUE(one.sentence.english().contains("NOT whole: 1 line is changed")) << one.sentence.english();
  EXPECT_EQ(result_of(one).at("broken"), nlohmann::json({7}));
  EXPECT_EQ(result_of(one).at("lines"), 1'199);
  const auto some = verify_broken({1, 2, 600, 1'200});
  EXPECT_EQ(result_of(some).at("broken"), nlohmann::json({1, 2, 600, 1'200}));
  EXPECT_EQ(result_of(some).at("lines"), 1'196);
}

}  // namespace
}  // namespace titip::admin
