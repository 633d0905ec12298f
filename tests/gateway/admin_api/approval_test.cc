// An edit that waits for another person, over HTTP.
#include "tests/gateway/admin_api/api_fixture.h"

namespace titip::admin_api {
namespace {

using nlohmann::json;

class ApprovalTest : public ApiFixture {
 protected:
  ApprovalTest() : ApiFixture(true) {
    second_ = made("second", "admin");
    reread();
    clock_.advance(std::chrono::minutes(1));
  }
  std::string of(const storage::Submission& record, const std::string& what) const {
    return "/admin/v1/submissions/" + record.id.text() + what;
  }

  const json order_{{"reason", "a wrong name"}, {"edits", {{{"pointer", "/nama"}, {"value", "Orang Baru"}}}}};
  // Of the one proposal that waits.
  std::string digest() {
    const auto items = body_of(as("viewer", "GET", "/admin/v1/edits"))["result"]["items"];
    return items.empty() ? std::string(32, '0') : items[0].value("digest", "");
  }
  json yes() { return {{"reason", "seen"}, {"digest", digest()}}; }

  const json reason_{{"reason", "seen"}};
  std::string second_;
};

TEST_F(ApprovalTest, waits_for_another_name_and_is_sent_as_it_was_proposed) {
  const auto record = rejected({});
  EXPECT_EQ(as("admin", "POST", of(record, "/edit/approve"), yes()).status, 404);
  const auto proposed = as("admin", "POST", of(record, "/edit"), order_);
  EXPECT_EQ(proposed.status, 200) << proposed.body;
  EXPECT_TRUE(body_of(proposed)["result"]["waits"].get<bool>());
  EXPECT_FALSE(load(record.id).replaced_by);
  EXPECT_EQ(as("admin", "POST", of(record, "/edit"), order_).status, 409) << "one at a time";
  const auto listed = as("viewer", "GET", "/admin/v1/edits");
  EXPECT_EQ(body_of(listed)["result"]["items"].size(), 1U);
  EXPECT_EQ(body_of(listed)["result"]["items"][0]["by"], "token:admin");
  EXPECT_EQ(body_of(listed)["result"]["items"][0]["changed"], json{"/nama"});
  EXPECT_EQ(listed.body.find("Orang Baru"), std::string::npos);

  EXPECT_EQ(as("admin", "POST", of(record, "/edit/approve"), yes()).status, 403) << "nobody approves their own";
  EXPECT_EQ(as("operator", "POST", of(record, "/edit/approve"), yes()).status, 403);
  const auto own_second = made("another", "admin");
  reread();
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), own_second, yes()).status, 403) << "nor by a token made for it";
  EXPECT_FALSE(load(record.id).replaced_by);
  const auto foreseen = call("POST", of(record, "/edit/approve"), second_, {{"dry_run", true}, {"digest", digest()}});
  EXPECT_EQ(foreseen.status, 200);
  EXPECT_FALSE(load(record.id).replaced_by);
  const auto approved = call("POST", of(record, "/edit/approve"), second_, yes());
  EXPECT_EQ(approved.status, 200) << approved.body;
  const auto again = load(record.id).replaced_by;
  ASSERT_TRUE(again);
  EXPECT_EQ(body_of(approved)["result"]["other"], again->text());
  const auto shown = body_of(as("viewer", "GET", "/admin/v1/submissions/" + again->text()))["result"];
  EXPECT_EQ(shown["edited"]["by"], "token:admin");
  EXPECT_EQ(shown["edited"]["approved_by"], "token:second");
  EXPECT_EQ(shown["edited"]["reason"], "a wrong name");
  EXPECT_EQ(body_of(as("viewer", "GET", "/admin/v1/edits"))["result"]["items"].size(), 0U);
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, yes()).status, 404);
  for (const auto& line : audited()) EXPECT_EQ(line.find("Orang Baru"), std::string::npos);
}

TEST_F(ApprovalTest, is_withdrawn_by_anybody_who_may_edit) {
  const auto record = rejected({});
  as("admin", "POST", of(record, "/edit"), order_);
  EXPECT_EQ(call("POST", of(record, "/edit/withdraw"), second_, reason_).status, 200);
  EXPECT_EQ(call("POST", of(record, "/edit/withdraw"), second_, reason_).status, 404);
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, yes()).status, 404);
  EXPECT_FALSE(load(record.id).replaced_by);
}

// What cannot be done is not proposed, and what became impossible meanwhile is not done.
TEST_F(ApprovalTest, is_checked_when_it_is_proposed_and_when_it_is_approved) {
  const auto record = rejected({});
  auto wrong = order_;
  wrong["edits"][0]["pointer"] = "/none";
  EXPECT_EQ(as("admin", "POST", of(record, "/edit"), wrong).status, 400);
  EXPECT_EQ(as("admin", "POST", of(put({.person = "9901011501900002"}), "/edit"), order_).status, 409);
  EXPECT_EQ(body_of(as("viewer", "GET", "/admin/v1/edits"))["result"]["items"].size(), 0U);
  as("admin", "POST", of(record, "/edit"), order_);
  EXPECT_EQ(as("operator", "POST", of(record, "/requeue"), reason_).status, 200);
  const auto late = call("POST", of(record, "/edit/approve"), second_, yes());
  EXPECT_EQ(late.status, 409) << late.body;
}

// Whoever approves says which proposal was seen: one that took its place meanwhile is not approved by that.
TEST_F(ApprovalTest, is_of_the_proposal_that_was_seen) {
  const auto record = rejected({});
  as("admin", "POST", of(record, "/edit"), order_);
  const auto seen = yes();
  EXPECT_EQ(as("admin", "POST", of(record, "/edit/withdraw"), reason_).status, 200);
  auto other = order_;
  other["edits"][0]["value"] = "Orang Lain";
  const auto proposed = as("admin", "POST", of(record, "/edit"), other);
  EXPECT_EQ(body_of(proposed)["result"]["digest"], digest());
  EXPECT_NE(json(digest()), seen["digest"]);
  const auto late = call("POST", of(record, "/edit/approve"), second_, seen);
  EXPECT_EQ(late.status, 409) << late.body;
  EXPECT_NE(late.body.find("titip edits ls"), std::string::npos) << "what to do";
  EXPECT_FALSE(load(record.id).replaced_by);
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, reason_).status, 400) << "without one";
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, {{"reason", "x"}, {"digest", "a"}}).status, 400);
  EXPECT_EQ(as("admin", "POST", of(record, "/edit/withdraw"), yes()).status, 400) << "it names none";
  EXPECT_FALSE(load(record.id).replaced_by);
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, yes()).status, 200);
  EXPECT_TRUE(load(record.id).replaced_by);
}

// The same words once more are another proposal: the one that was seen may have been withdrawn for a reason.
TEST_F(ApprovalTest, the_same_words_again_are_another_proposal) {
  const auto record = rejected({});
  as("admin", "POST", of(record, "/edit"), order_);
  const auto first = digest();
  as("admin", "POST", of(record, "/edit/withdraw"), reason_);
  as("admin", "POST", of(record, "/edit"), order_);
  EXPECT_NE(digest(), first);
}

TEST_F(ApprovalTest, whose_record_is_gone_is_shown_and_withdrawn) {
  const auto gone = storage::SubmissionId::make(clock_.wall());
  ASSERT_TRUE(home_.ask<std::vector<storage::Applied>>([&](auto done) {
    store_->put_objects({{"edit-proposal", gone.text(), 0, "what nobody can open"}}, home_, std::move(done));
  }));
  const auto listed = body_of(as("viewer", "GET", "/admin/v1/edits"));
  ASSERT_EQ(listed["result"]["items"].size(), 1U);
  EXPECT_EQ(listed["result"]["items"][0]["id"], gone.text());
  EXPECT_TRUE(listed["result"]["items"][0]["unreadable"].get<bool>());
  EXPECT_EQ(listed["result"]["unreadable"], 1);
  const auto to = "/admin/v1/submissions/" + gone.text();
  EXPECT_EQ(call("POST", to + "/edit/approve", second_, yes()).status, 404);
  EXPECT_EQ(call("POST", to + "/edit/withdraw", second_, reason_).status, 200);
  EXPECT_TRUE(body_of(as("viewer", "GET", "/admin/v1/edits"))["result"]["items"].empty());
  EXPECT_EQ(call("POST", to + "/edit/withdraw", second_, reason_).status, 404);
}

}  // namespace
}  // namespace titip::admin_api
