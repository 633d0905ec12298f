#include "gateway/reads/completed_list.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace titip::reads {
namespace {

using nlohmann::json;

class CompletedListTest : public testing::Test {
 protected:
  CompletedListTest() {
    profile_.date_format = profile::DateFormat::day_first;
    profile_.envelope = {"/response", "/metaData/code", "/metaData/message"};
    profile::Route write;
    write.id = "pendaftaran";
    write.probe = profile::Probe{.identify = {{"/peserta/noKartu", "/noKartu"}, {"/poli/kdPoli", "/kdPoli"}}};
    read_.id = "daftar";
    read_.completion = profile::Completion{
        .route = "pendaftaran",
        .list = "/response/list",
        .count = "/response/count",
        .where = {{"/tglDaftar", "{tglDaftar}"}},
        .entry_template = R"({"noUrut":"{reference:noUrut}","peserta":{"noKartu":"{/noKartu}"},"sistole":"{/sistole}",)"
                          R"("x":"{/none}","status":"Menunggu"})"};
    profile_.routes = {write};
  }

  static QueuedRequest queued(std::string card, std::string date = "15-08-2026") {
    return {json{{"noKartu", card}, {"kdPoli", "001"}, {"tglDaftar", date}, {"sistole", 120}}.dump(),
            {},
            {{"noUrut", "T0042"}}};
  }
  json complete(std::optional<std::string_view> reply, const std::vector<QueuedRequest>& all) {
    const std::map<std::string, std::string, std::less<>> parameters{{"tglDaftar", "15-08-2026"}};
    const auto made = completed_list(profile_, read_, {nullptr, &parameters, "0114A026"}, "0114A026", reply, all);
    return made ? json::parse(*made) : json();
  }
  static std::string listed(const json& entries, int count) {
    return json{{"response", {{"count", count}, {"list", entries}}}, {"metaData", {{"message", "OK"}, {"code", 200}}}}
        .dump();
  }

  profile::Profile profile_;
  profile::Route read_;
};

TEST_F(CompletedListTest, what_is_queued_stands_behind_what_the_server_has) {
  const json theirs{{"noUrut", "A1"}, {"peserta", {{"noKartu", "1"}}}, {"poli", {{"kdPoli", "001"}}}};
  const auto made = complete(listed(json::array({theirs}), 31), {queued("1"), queued("2"), queued("3", "16-08-2026")});
  ASSERT_EQ(made.at("response").at("list").size(), 2U);
  EXPECT_EQ(made.at("response").at("list")[0], theirs);
  EXPECT_EQ(made.at("response").at("list")[1],
            json::parse(R"({"noUrut":"T0042","peserta":{"noKartu":"2"},"sistole":120,"x":null,"status":"Menunggu"})"));
  EXPECT_EQ(made.at("response").at("count"), 32);
  EXPECT_EQ(made.at("metaData").at("message"), "OK");
}

TEST_F(CompletedListTest, nothing_to_add_leaves_the_reply_as_it_is) {
  EXPECT_TRUE(complete(listed(json::array(), 0), {}).is_null());
  EXPECT_TRUE(complete(listed(json::array(), 0), {queued("3", "16-08-2026")}).is_null());
  EXPECT_TRUE(complete(std::nullopt, {}).is_null());
}

TEST_F(CompletedListTest, no_data_is_a_list_of_none) {
  for (const auto* reply : {"", R"({"response":null,"metaData":{"message":"No Content","code":204}})",
                            R"({"response":{"count":0,"list":null},"metaData":{"message":"OK","code":"200"}})",
                            R"({"response":"","metaData":{"message":"OK","code":200}})",
                            R"({"response":[],"metaData":{"message":"OK","code":200}})"}) {
    const auto made = complete(reply, {queued("2")});
    ASSERT_TRUE(made.is_object()) << reply;
    EXPECT_EQ(made.at("response").at("count"), 1) << reply;
    EXPECT_EQ(made.at("response").at("list").size(), 1U) << reply;
    EXPECT_EQ(made.at("metaData").at("code"), 200) << reply;
  }
}

TEST_F(CompletedListTest, what_is_queued_is_dealt_to_the_pages_behind_the_servers_own) {
  const std::vector<QueuedRequest> all{queued("2"), queued("3"), queued("4")};
  const auto page = [&](const char* start, const char* limit, const json& theirs) {
    const std::map<std::string, std::string, std::less<>> parameters{
        {"tglDaftar", "15-08-2026"}, {"start", start}, {"limit", limit}};
    const auto made =
        completed_list(profile_, read_, {nullptr, &parameters, "0114A026"}, "0114A026", listed(theirs, 3), all);
    return made ? json::parse(*made) : json();
  };
  const json one{{"noUrut", "A1"}};
  const auto first = page("0", "2", json::array({one, one}));
  EXPECT_EQ(first.at("response").at("list").size(), 2U);
  EXPECT_EQ(first.at("response").at("count"), 6);
  const auto second = page("2", "2", json::array({one}));
  ASSERT_EQ(second.at("response").at("list").size(), 2U);
  EXPECT_EQ(second.at("response").at("list")[1].at("peserta").at("noKartu"), "2");
  const auto third = page("4", "2", json::array());
  ASSERT_EQ(third.at("response").at("list").size(), 2U);
  EXPECT_EQ(third.at("response").at("list")[0].at("peserta").at("noKartu"), "3");
  EXPECT_EQ(page("6", "2", json::array()).at("response").at("list").size(), 0U);
}

TEST_F(CompletedListTest, without_the_server_it_says_so) {
  const auto made = complete(std::nullopt, {queued("2")});
  EXPECT_EQ(made.at("response").at("list").size(), 1U);
  EXPECT_TRUE(made.at("metaData").at("message").get<std::string>().starts_with("Server nasional tidak tersedia"));
}

TEST_F(CompletedListTest, faults_and_other_shapes_are_left_alone) {
  for (const auto* reply : {R"({"response":null,"metaData":{"message":"no","code":401}})", "<html></html>",
                            R"({"response":"sealed","metaData":{"message":"OK","code":200}})",
                            R"({"response":[1],"metaData":{"message":"OK","code":200}})",
                            R"({"response":7,"metaData":{"message":"OK","code":200}})",
                            R"({"response":{"list":{"a":1}},"metaData":{"message":"OK","code":200}})"})
    EXPECT_TRUE(complete(reply, {queued("2")}).is_null()) << reply;
}

}  // namespace
}  // namespace titip::reads
