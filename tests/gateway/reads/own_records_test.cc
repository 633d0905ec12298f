#include "gateway/reads/own_records.h"

#include <gtest/gtest.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/gateway/fakes.h"
#include "tests/gateway/faulty_store.h"
#include "tests/gateway/records_in_custody.h"

namespace titip::reads {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class OwnRecordsTest : public testing::Test {
 protected:
  OwnRecordsTest() {
    storage::StoreOptions options;
    options.now = [this] { return clock_.wall(); };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    store_ = storage::open_memory_store(std::move(options), storage::Pumping::by_hand);
    faulty_.emplace(*store_);
    records_.emplace(*store_, home_, *sealer_, [this] { run(); });
    own_.emplace(*faulty_, home_, *sealer_);
  }
  void run() {
    while (store_->pump() || home_.run()) {
    }
  }
  template <class T>
  std::expected<T, OwnFault> answer(std::move_only_function<void(OwnDone<T>)> ask) {
    std::optional<std::expected<T, OwnFault>> given;
    ask([&](auto found) { given = std::move(found); });
    run();
    if (!given) ADD_FAILURE() << "no answer";
    return std::move(given).value_or(std::unexpected(OwnFault::absent));
  }
  static Owner owner(std::string facility = "0905R002", std::vector<std::string> destinations = {"pcare-vaksin"}) {
    return {std::move(facility), std::move(destinations), 7h};
  }
  std::expected<std::string, OwnFault> submission(const storage::SubmissionId& id, Owner who) {
    return answer<std::string>([&](auto done) { own_->submission(id, std::move(who), std::move(done)); });
  }
  std::expected<std::string, OwnFault> receipt(std::string_view code) {
    return answer<std::string>([&](auto done) { own_->receipt(code, std::move(done)); });
  }
  std::expected<OwnPage, OwnFault> list(std::string_view query, Owner who = owner()) {
    auto asked = read_own_query(query, OwnList::submissions, 7h);
    EXPECT_TRUE(asked) << query;
    return answer<OwnPage>([&](auto done) { own_->list(*asked, std::move(who), std::move(done)); });
  }
  std::expected<AttentionPage, OwnFault> attention(std::string_view query, Owner who = owner()) {
    auto asked = read_own_query(query, OwnList::attention, 7h);
    EXPECT_TRUE(asked) << query;
    return answer<AttentionPage>([&](auto done) { own_->attention(*asked, std::move(who), std::move(done)); });
  }
  // All pages of a list, one after the other.
  std::vector<std::string> ids(std::string_view query, const Owner& who = owner()) {
    std::vector<std::string> found;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
      const auto page = list(std::string(query) + (cursor.empty() ? "" : "&cursor=" + cursor), who);
      EXPECT_TRUE(page);
      if (!page) break;
      for (const auto& each : page->items) found.push_back(each.id.text());
      cursor = page->next;
      if (cursor.empty()) break;
    }
    return found;
  }

  tests::FakeClock clock_;
  tests::FakeHome home_;
  tests::TestSealer sealer_;
  std::unique_ptr<storage::MemoryStore> store_;
  std::optional<tests::FaultyStore> faulty_;
  std::optional<tests::RecordsInCustody> records_;
  std::optional<OwnRecords> own_;
};

TEST_F(OwnRecordsTest, a_facility_sees_its_own_and_nobody_elses) {
  const auto id = records_->put({}).id;
  const auto found = submission(id, owner());
  ASSERT_TRUE(found);
  EXPECT_EQ(json::parse(*found).at("id"), id.text());
  const Owner others[] = {owner("0905R003"), owner("0905R002", {"pcare-rest"}), owner("0905R002", {})};
  for (const auto& who : others) {
    const auto foreign = submission(id, who);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error(), OwnFault::absent);
  }
  EXPECT_EQ(submission(storage::SubmissionId::make(tests::morning), owner()).error(), OwnFault::absent);
  faulty_->load_error = storage::Error::overloaded;
  EXPECT_EQ(submission(id, owner()).error(), OwnFault::store_unavailable);
}

TEST_F(OwnRecordsTest, whoever_holds_a_receipt_code_is_told_how_it_stands_and_no_content) {
  const auto record = records_->settle(records_->put({}), storage::Event::rejected, "NIK 3300000000000001 ditolak");
  const auto found = receipt(record.receipt);
  ASSERT_TRUE(found);
  const auto document = json::parse(*found);
  EXPECT_EQ(document.at("code"), record.receipt);
  EXPECT_EQ(document.at("facility"), "0905R002");
  EXPECT_EQ(document.at("state"), "rejected");
  EXPECT_EQ(document.at("accepted_at"), "2021-08-16T01:00:00.000Z");
  EXPECT_FALSE(found->contains("3300000000000001")) << *found;
  EXPECT_FALSE(found->contains("Budi"));
  EXPECT_FALSE(found->contains("fingerprint"));

  auto spoken = record.receipt;
  for (char& c : spoken) c = c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
  spoken.insert(13, "-");
  EXPECT_TRUE(receipt(spoken)) << spoken;
  faulty_->load_error = storage::Error::unavailable;
  EXPECT_EQ(receipt(record.receipt).error(), OwnFault::store_unavailable);
}

TEST_F(OwnRecordsTest, a_code_that_was_never_given_out_finds_nothing) {
  const auto record = records_->put({});
  const auto old = records_->put({.receipt = "0123456789ABC"});
  auto other = record.receipt;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  for (const auto& code : {other, record.id.text(), std::string("0123456789ABC"), std::string(), std::string(300, '0'),
                           // what an older record would have today is not what it was given
                           storage::veil(*sealer_, storage::receipt_domain, old.id).text()})
    EXPECT_EQ(receipt(code).error(), OwnFault::absent) << code;
  EXPECT_EQ(ids("receipt=0123456789ABC"), std::vector{old.id.text()});
  EXPECT_TRUE(ids("receipt=0123456789ABC", owner("0905R003")).empty());
}

TEST_F(OwnRecordsTest, a_list_is_filtered_and_ones_own) {
  const auto first = records_->put({});
  const auto rejected = records_->settle(records_->put({.at = tests::morning + 1s}), storage::Event::rejected, "no");
  const auto update = records_->put({.route = "vaksin/ubah", .at = tests::morning + 2s});
  const auto night = records_->put({.at = tests::morning + 16h});  // 2021-08-17 00:00 WIB
  const auto elsewhere = records_->put({.destination = "pcare-rest", .at = tests::morning + 3s});
  records_->put({.facility = "0905R003", .at = tests::morning + 4s});
  const auto held = records_->hold(records_->put({.at = tests::morning + 5s}), storage::HoldReason::person);
  using Ids = std::vector<std::string>;
  const auto text = [](const auto& record) { return record.id.text(); };
  EXPECT_EQ(ids(""), (Ids{text(first), text(rejected), text(update), text(held), text(night)}));
  EXPECT_EQ(ids("state=rejected"), Ids{text(rejected)});
  EXPECT_EQ(ids("state=rejected,held"), (Ids{text(rejected), text(held)}));
  EXPECT_EQ(ids("state=delivered"), Ids{});
  EXPECT_EQ(ids("route=vaksin%2Fubah"), Ids{text(update)});
  EXPECT_EQ(ids("from=2021-08-17"), Ids{text(night)});
  EXPECT_EQ(ids("to=2021-08-16"), (Ids{text(first), text(rejected), text(update), text(held)}));
  EXPECT_EQ(ids("from=2021-08-16&to=2021-08-16&state=queued"), (Ids{text(first), text(update)}));
  EXPECT_EQ(ids("needs_attention=true"), (Ids{text(rejected), text(held)}));
  EXPECT_EQ(ids("destination=pcare-rest"), Ids{}) << "a scheme that was not shown opens nothing";
  const auto both = owner("0905R002", {"pcare-vaksin", "pcare-rest"});
  EXPECT_EQ(ids("destination=pcare-rest", both), Ids{text(elsewhere)});
  EXPECT_EQ(ids("", both).size(), 6U);
  EXPECT_EQ(ids("needs_attention=true", both), (Ids{text(rejected), text(held)}));
}

TEST_F(OwnRecordsTest, pages_give_each_record_once_whatever_comes_between) {
  std::set<std::string> mine;
  for (int i = 0; i < 25; ++i) {
    mine.insert(records_->put({.at = tests::morning + i * 1s}).id.text());
    records_->put({.facility = "0905R003", .at = tests::morning + i * 1s});
  }
  for (const auto* query : {"limit=1", "limit=7", "limit=25", "limit=200"}) {
    const auto found = ids(query);
    EXPECT_EQ(found.size(), 25U) << query;
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), mine) << query;
  }
  const auto page = list("limit=7");
  ASSERT_TRUE(page && !page->next.empty());
  records_->put({.at = tests::morning + 2s});  // before the cursor
  const auto next = list("limit=200&cursor=" + page->next);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->items.size(), 18U);
}

// Looks at four records a time, and each counts for a quarter of what an answer may look at.
class NarrowStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void scan(storage::ScanQuery query, storage::Home& home, storage::Done<storage::ScanPage> done) override {
    query.examine = 4;
    ++begun;
    ForwardingStore::scan(std::move(query), home, [this, done = std::move(done)](auto page) mutable {
      ++scans;
      if (page) page->examined *= weight;
      done(std::move(page));
    });
  }
  std::size_t weight = 1;
  std::size_t scans = 0;
  std::size_t begun = 0;
};

TEST_F(OwnRecordsTest, one_answer_looks_at_so_much_and_no_more) {
  for (int i = 0; i < 40; ++i) records_->put({.facility = "0905R003", .at = tests::morning + i * 1s});
  const auto mine = records_->put({.at = tests::morning + 60s});
  NarrowStore narrow(*store_);
  own_.emplace(narrow, home_, *sealer_);
  EXPECT_EQ(ids(""), std::vector{mine.id.text()}) << "over ten stretches with nothing in them, in one answer";
  EXPECT_EQ(list("").value().next, "");
  narrow.scans = 0;
  narrow.weight = OwnRecords::most_examined / 8;  // two stretches are all of it
  const auto page = list("");
  ASSERT_TRUE(page);
  EXPECT_EQ(narrow.scans, 2U);
  EXPECT_TRUE(page->items.empty());
  EXPECT_NE(page->next, "") << "an empty page that goes on";
  EXPECT_EQ(ids(""), std::vector{mine.id.text()});
}

// Another of the same facility waits for the first; too many are told to come again; other facilities wait for nobody.
TEST_F(OwnRecordsTest, one_facility_walks_one_walk_at_a_time) {
  records_->put({});
  NarrowStore narrow(*store_);
  own_.emplace(narrow, home_, *sealer_);
  std::vector<std::expected<OwnPage, OwnFault>> answers;
  const auto ask = [&](const Owner& who) {
    own_->list(read_own_query("", OwnList::submissions, 7h).value(), who,
               [&](auto page) { answers.push_back(std::move(page)); });
  };
  const auto mine = owner();
  for (std::size_t i = 0; i <= OwnRecords::most_waiting; ++i) ask(mine);
  EXPECT_EQ(narrow.begun, 1U);
  ask(mine);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error(), OwnFault::store_unavailable);
  ask(owner("0905R003"));
  EXPECT_EQ(narrow.begun, 2U);
  run();
  ASSERT_EQ(answers.size(), 3 + OwnRecords::most_waiting);
  for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_TRUE(answers[i]) << i;
  ask(mine);
  run();
  EXPECT_TRUE(answers.back()) << "and the line is empty again";
}

TEST_F(OwnRecordsTest, a_cursor_is_bound_to_its_question_and_tells_nothing) {
  for (int i = 0; i < 3; ++i) records_->put({.at = tests::morning + i * 1s});
  const auto page = list("limit=1&state=queued");
  ASSERT_TRUE(page);
  EXPECT_FALSE(page->next.contains(page->items[0].id.text().substr(0, 10))) << page->next;
  EXPECT_TRUE(list("limit=2&state=queued&cursor=" + page->next)) << "another limit is no other question";
  auto forged = page->next;
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(list("limit=1&state=queued&cursor=" + forged).error(), OwnFault::bad_cursor);
  EXPECT_EQ(list("limit=1&cursor=" + page->next).error(), OwnFault::bad_cursor);
  EXPECT_EQ(list("limit=1&state=queued&cursor=" + page->next, owner("0905R003")).error(), OwnFault::bad_cursor);
  EXPECT_EQ(list("limit=1&state=queued&cursor=x").error(), OwnFault::bad_cursor);
}

TEST_F(OwnRecordsTest, attention_tells_what_was_sent_what_was_said_and_what_to_do) {
  records_->settle(records_->put({}), storage::Event::delivered, "OK", 200);
  const auto record =
      records_->settle(records_->put({.at = tests::morning + 1s}), storage::Event::rejected, "tglLahir\ntidak valid");
  records_->hold(records_->put({.destination = "pcare-rest", .at = tests::morning + 2s}), storage::HoldReason::unknown);
  records_->settle(records_->put({.facility = "0905R003"}), storage::Event::rejected, "somebody else's");
  const auto page = attention("");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1U);
  const auto& item = page->items[0];
  EXPECT_EQ(item.id, record.id.text());
  EXPECT_EQ(item.state, "rejected");
  EXPECT_EQ(item.server_words, "tglLahir\ntidak valid");
  EXPECT_EQ(item.http_status, 412);
  EXPECT_EQ(item.method + " " + item.target, "POST /vaksin/simpan");
  ASSERT_TRUE(item.sent && item.reply);
  EXPECT_EQ(item.sent->body, R"({"nik":"3300000000000001","nama":"Budi"})");
  EXPECT_FALSE(item.sent->cut);
  EXPECT_EQ(item.reply->body, "tglLahir\ntidak valid");
  EXPECT_TRUE(item.to_do.in(words::Language::id).contains("menolak")) << item.to_do.in(words::Language::id);
  const auto both = attention("limit=1", owner("0905R002", {"pcare-vaksin", "pcare-rest"}));
  ASSERT_TRUE(both);
  ASSERT_EQ(both->items.size(), 1U);
  EXPECT_EQ(both->items[0].reason, "unknown") << "destinations by name";
  const auto rest = attention("cursor=" + both->next, owner("0905R002", {"pcare-rest", "pcare-vaksin"}));
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->items.size(), 1U);
  EXPECT_EQ(rest->items[0].id, record.id.text());
  EXPECT_EQ(rest->next, "");
}

TEST_F(OwnRecordsTest, attention_of_what_was_erased_or_is_long) {
  const auto long_one =
      records_->settle(records_->put({.body = std::string(40'000, 'x')}), storage::Event::rejected, "no");
  const auto erased = records_->settle(records_->put({.at = tests::morning + 1s}), storage::Event::rejected, "no");
  store_->erase({erased.id}, home_, [](const auto& done) { ASSERT_TRUE(done.has_value()); });
  run();
  const auto page = attention("");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[0].sent->body, std::string(16'384, 'x'));
  EXPECT_TRUE(page->items[0].sent->cut);
  EXPECT_TRUE(page->items[1].content_erased);
  EXPECT_FALSE(page->items[1].sent);
  EXPECT_EQ(page->items[1].server_words, "");
  faulty_->load_error = storage::Error::unavailable;
  EXPECT_EQ(attention("").error(), OwnFault::store_unavailable);
}

TEST(WhatToDo, every_state_that_needs_attention_has_its_own_sentence) {
  std::set<std::string_view> said;
  storage::Submission record;
  record.state = storage::State::held;
  for (const auto reason :
       {storage::HoldReason::unknown, storage::HoldReason::requirement, storage::HoldReason::conflict,
        storage::HoldReason::late_entry, storage::HoldReason::person, storage::HoldReason::damaged,
        storage::HoldReason::deadline, storage::HoldReason::credentials}) {
    record.hold_reason = reason;
    said.insert(what_to_do(record).english);
  }
  record.hold_reason = storage::HoldReason::none;
  record.state = storage::State::rejected;
  said.insert(what_to_do(record).english);
  record.state = storage::State::expired;
  said.insert(what_to_do(record).english);
  record.unknown_since = tests::morning;
  said.insert(what_to_do(record).english);
  EXPECT_EQ(said.size(), 11U);
}

}  // namespace
}  // namespace titip::reads
