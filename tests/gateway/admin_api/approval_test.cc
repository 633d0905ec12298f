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
  const json yes_{{"reason", "seen"}};
  std::string second_;
};

TEST_F(ApprovalTest, waits_for_another_name_and_is_sent_as_it_was_proposed) {
  const auto record = rejected({});
  EXPECT_EQ(as("admin", "POST", of(record, "/edit/approve"), yes_).status, 404);
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

  EXPECT_EQ(as("admin", "POST", of(record, "/edit/approve"), yes_).status, 403) << "nobody approves their own";
  EXPECT_EQ(as("operator", "POST", of(record, "/edit/approve"), yes_).status, 403);
  const auto own_second = made("another", "admin");
  reread();
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), own_second, yes_).status, 403) << "nor by a token made for it";
  EXPECT_FALSE(load(record.id).replaced_by);
  const auto foreseen = call("POST", of(record, "/edit/approve"), second_, {{"dry_run", true}});
  EXPECT_EQ(foreseen.status, 200);
  EXPECT_FALSE(load(record.id).replaced_by);
  const auto approved = call("POST", of(record, "/edit/approve"), second_, yes_);
  EXPECT_EQ(approved.status, 200) << approved.body;
  const auto again = load(record.id).replaced_by;
  ASSERT_TRUE(again);
  EXPECT_EQ(body_of(approved)["result"]["other"], again->text());
  const auto shown = body_of(as("viewer", "GET", "/admin/v1/submissions/" + again->text()))["result"];
  EXPECT_EQ(shown["edited"]["by"], "token:admin");
  EXPECT_EQ(shown["edited"]["approved_by"], "token:second");
  EXPECT_EQ(shown["edited"]["reason"], "a wrong name");
  EXPECT_EQ(body_of(as("viewer", "GET", "/admin/v1/edits"))["result"]["items"].size(), 0U);
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, yes_).status, 404);
  for (const auto& line : audited()) EXPECT_EQ(line.find("Orang Baru"), std::string::npos);
}

TEST_F(ApprovalTest, is_withdrawn_by_anybody_who_may_edit) {
  const auto record = rejected({});
  as("admin", "POST", of(record, "/edit"), order_);
  EXPECT_EQ(call("POST", of(record, "/edit/withdraw"), second_, yes_).status, 200);
  EXPECT_EQ(call("POST", of(record, "/edit/withdraw"), second_, yes_).status, 404);
  EXPECT_EQ(call("POST", of(record, "/edit/approve"), second_, yes_).status, 404);
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
  EXPECT_EQ(as("operator", "POST", of(record, "/requeue"), yes_).status, 200);
  const auto late = call("POST", of(record, "/edit/approve"), second_, yes_);
  EXPECT_EQ(late.status, 409) << late.body;
}

}  // namespace
}  // namespace titip::admin_api
