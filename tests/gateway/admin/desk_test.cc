// What is asked over the socket and what becomes of it: one long run at a time, the audit log, orderly ends.
#include "gateway/admin/desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/admin/gates.h"
#include "gateway/delivery/outages.h"
#include "storage/waiting_home.h"
#include "tests/gateway/admin/control_fixture.h"
#include "tests/gateway/admin/upkeep_store.h"
#include "tests/gateway/fakes.h"

namespace titip::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class DeskTest : public ControlFixture {
 protected:
  DeskTest() {
    storage::StoreOptions options;
    options.now = [] { return tests::morning; };
    options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
    engine = storage::open_memory_store(std::move(options), storage::Pumping::thread);
    store.emplace(*engine);
    auto opened = storage::Sealer::open(directory / "titip.key", true);
    if (!opened) throw std::runtime_error(opened.error());
    sealer.emplace(std::move(*opened));
    desk.emplace(Doors{*store,
                       *sealer,
                       clock,
                       directory / "titip.key",
                       directory,
                       {},
                       [] { return Ended{{}, false, words::verbatim("All is well."), R"({"n":1})"}; },
                       [this](const std::string& destination) { resumed.push_back(destination); },
                       {"pcare"},
                       [](const std::string& facility) { return facility == "P0001"; },
                       [this](const std::string& what, const Gate& gate) { paused[what] = gate.reason.english(); },
                       [this](const Request& request) {
                         drained.push_back(request);
                         return Ended{{}, false, words::verbatim("As you say."), "{}"};
                       }},
                 clock, [this](std::string_view action) { actions.emplace_back(action); });
    const auto served = serve({}, [this](Request request, std::shared_ptr<Caller> caller) {
      desk->take(std::move(request), std::move(caller));
    });
    if (!served) throw std::runtime_error(served.error().english());
  }
  ~DeskTest() override {
    end();
    desk->begin_stop();
    engine->close();
    desk->join();
  }

  json last(const std::string& line) {
    Client client(path());
    client.send(line + "\n");
    const auto lines = client.lines();
    return lines.empty() ? json() : json::parse(lines.back());
  }
  void shut(const std::string& destination) {
    storage::WaitingHome home;
    const auto applied = home.ask<std::vector<storage::Applied>>([&](auto done) {
      engine->put_objects({{std::string(gate_kind), destination, std::nullopt,
                            encode(Gate{words::verbatim("restored"), "2026-08-15T02:12:03.004Z"})}},
                          home, std::move(done));
    });
    ASSERT_TRUE(applied);
  }

  clock::SystemClock clock;
  std::unique_ptr<storage::MemoryStore> engine;
  std::optional<tests::UpkeepStore> store;
  std::optional<storage::Sealer> sealer;
  std::vector<std::string> resumed;
  std::map<std::string, std::string> paused;  // what, and why
  std::vector<Request> drained;
  std::vector<std::string> actions;
  std::optional<Desk> desk;
};

TEST_F(DeskTest, one_long_run_at_a_time_and_status_beside_it) {
  Client first(path());
  first.send("{\"command\":\"verify\"}\n");
  store->wait_for_verify();
  const auto second = last(R"({"command":"retain","reason":"room is needed"})");
  EXPECT_EQ(second.at("kind"), "busy");
  EXPECT_TRUE(second.at("error").get<std::string>().contains("`verify (1 of 10)` has been running since 20"))
      << second.dump();
  EXPECT_TRUE(store->retained_with.empty());
  EXPECT_EQ(last(R"({"command":"status"})").at("sentence"), "All is well.");
  ASSERT_TRUE(desk->running());
  EXPECT_EQ(desk->running()->command, "verify");

  store->release();
  const auto lines = first.lines();
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(), R"({"done":1,"of":10})");
  EXPECT_EQ(json::parse(lines.back()).at("ok"), true);
  EXPECT_FALSE(desk->running());
  EXPECT_EQ(last(R"({"command":"retain","reason":"room is needed"})").at("ok"), true) << "its place is free again";
}

TEST_F(DeskTest, a_run_goes_on_when_its_caller_is_gone_and_its_place_becomes_free) {
  auto first = std::make_unique<Client>(path());
  first->send("{\"command\":\"verify\"}\n");
  store->wait_for_verify();
  first.reset();
  EXPECT_EQ(last(R"({"command":"retain","reason":"room is needed"})").at("kind"), "busy");
  store->release();
  json answer;
  for (int patience = 0; patience < 1000; ++patience) {
    answer = last(R"({"command":"retain","reason":"room is needed"})");
    if (answer.contains("ok")) break;
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_EQ(answer.at("ok"), true) << answer.dump();
}

TEST_F(DeskTest, what_changes_something_is_in_the_audit_log_with_its_reason) {
  shut("pcare");
  EXPECT_EQ(last(R"({"command":"retain","reason":"room is needed"})").at("ok"), true);
  EXPECT_EQ(last(R"({"command":"resume","destination":"pcare","reason":"checked with the district"})").at("ok"), true);
  const auto audited = store->audited();
  ASSERT_EQ(audited.size(), 4U);
  const auto begun = json::parse(audited[0]);
  EXPECT_EQ(begun.at("action"), "retain");
  EXPECT_EQ(begun.at("phase"), "begun");
  EXPECT_EQ(begun.at("reason"), "room is needed");
  EXPECT_EQ(begun.at("by"), "uid:" + std::to_string(::getuid()));
  const auto ended = json::parse(audited[1]);
  EXPECT_EQ(ended.at("phase"), "ended");
  EXPECT_EQ(ended.at("outcome"), "ok");
  EXPECT_EQ(json::parse(audited[2]).at("destination"), "pcare");
  EXPECT_EQ(actions, (std::vector<std::string>{"retain", "resume"}));
}

TEST_F(DeskTest, looking_and_trying_leave_no_line) {
  shut("pcare");
  EXPECT_EQ(last(R"({"command":"status"})").at("ok"), true);
  EXPECT_EQ(last(R"({"command":"resume","destination":"pcare","dry_run":true})").at("ok"), true);
  EXPECT_EQ(last(R"({"command":"keys rotate","dry_run":true})").at("ok"), true);
  EXPECT_TRUE(store->audited().empty());
  EXPECT_TRUE(resumed.empty());
  EXPECT_TRUE(read_gates(*engine)->own.contains("pcare"));
}

TEST_F(DeskTest, what_cannot_be_audited_is_not_done) {
  shut("pcare");
  store->audit_error = storage::Error::overloaded;
  const auto answer = last(R"({"command":"resume","destination":"pcare","reason":"checked"})");
  EXPECT_EQ(answer.at("kind"), "failed");
  EXPECT_TRUE(read_gates(*engine)->own.contains("pcare"));
  EXPECT_TRUE(resumed.empty());
}

TEST_F(DeskTest, a_person_stands_in_the_log_as_a_keyed_hash) {
  last(R"({"command":"export","people":["9901011501900001"],"reason":"asked in writing"})");
  const auto audited = store->audited();
  ASSERT_GE(audited.size(), 1U);
  for (const auto& line : audited) EXPECT_FALSE(line.contains("9901011501900001")) << line;
  EXPECT_EQ(json::parse(audited[0]).at("people").at(0).get<std::string>().size(), 32U);
}

TEST_F(DeskTest, resume_takes_the_gate_away_and_tells_delivery) {
  shut("pcare");
  EXPECT_EQ(last(R"({"command":"resume","destination":"other","reason":"checked"})").at("kind"), "not_found");
  EXPECT_TRUE(resumed.empty());
  const auto answer = last(R"({"command":"resume","destination":"pcare","reason":"checked"})");
  EXPECT_TRUE(answer.at("sentence").get<std::string>().contains("restored")) << answer.dump();
  EXPECT_EQ(resumed, (std::vector<std::string>{"pcare"}));
  EXPECT_EQ(last(R"({"command":"resume","destination":"pcare","reason":"checked"})").at("kind"), "not_found");
}

TEST_F(DeskTest, pause_shuts_a_gate_that_lasts_and_tells_delivery) {
  const auto ask = [this](const std::string& what, bool dry_run = false) {
    return last(
        json{{"command", "pause"}, {"destination", what}, {"reason", "their app"}, {"dry_run", dry_run}}.dump());
  };
  EXPECT_EQ(ask("other").at("kind"), "not_found");
  EXPECT_EQ(ask("pcare/P9999").at("kind"), "not_found");
  EXPECT_EQ(ask("pcare", true).at("ok"), true);
  EXPECT_TRUE(paused.empty());
  EXPECT_EQ(ask("pcare").at("ok"), true);
  EXPECT_EQ(ask("pcare/P0001").at("ok"), true);
  EXPECT_EQ(paused, (std::map<std::string, std::string>{{"pcare", "their app"}, {"pcare/P0001", "their app"}}));
  EXPECT_TRUE(ask("pcare").at("error").get<std::string>().contains("already"));
  EXPECT_TRUE(ask("pcare/P0001").at("error").get<std::string>().contains("already"));
  const auto gates = read_gates(*engine);
  EXPECT_EQ(gates->own.at("pcare").reason.english(), "their app");
  EXPECT_EQ(gates->facilities_of("pcare").at("P0001").reason.english(), "their app");
  EXPECT_EQ(last(R"({"command":"resume","destination":"pcare/P0001","reason":"mended"})").at("ok"), true);
  EXPECT_EQ(resumed, (std::vector<std::string>{"pcare/P0001"}));
}

TEST_F(DeskTest, what_is_done_to_a_drain_is_in_the_audit_log) {
  const auto pcare = std::string(R"(,"destination":"pcare","reason":"after the outage")");
  EXPECT_EQ(last(R"({"command":"drain status","destination":"pcare"})").at("ok"), true);
  EXPECT_EQ(last(R"({"command":"drain","dry_run":true)" + pcare + "}").at("ok"), true);
  EXPECT_TRUE(store->audited().empty()) << "looking leaves no line";
  EXPECT_EQ(last(R"({"command":"drain","drain":{"per_second":2.5})" + pcare + "}").at("ok"), true);
  EXPECT_EQ(last(R"({"command":"drain cancel")" + pcare + "}").at("ok"), true);
  const auto audited = store->audited();
  ASSERT_EQ(audited.size(), 4U);
  const auto begun = json::parse(audited[0]);
  EXPECT_EQ(begun.at("action"), "drain");
  EXPECT_EQ(begun.at("destination"), "pcare");
  EXPECT_EQ(begun.at("drain").at("per_second"), 2.5);
  EXPECT_EQ(json::parse(audited[2]).at("action"), "drain cancel");
  ASSERT_EQ(drained.size(), 4U);
  EXPECT_EQ(drained[2].drain.per_second, 2.5);
  EXPECT_EQ(actions, (std::vector<std::string>{"drain status", "drain", "drain cancel"}));
}

TEST_F(DeskTest, a_store_that_is_not_sound_is_an_error_with_its_report) {
  store->report = {.submissions = 1203, .pending = 2, .quarantined = 1, .problems = {{"due_missing", 2, {"01H…"}}}};
  Client client(path());
  client.send("{\"command\":\"verify\"}\n");
  store->release();
  const auto answer = json::parse(client.lines().back());
  EXPECT_EQ(answer.at("kind"), "failed");
  const auto sentence = answer.at("error").get<std::string>();
  EXPECT_TRUE(sentence.contains("NOT sound: due_missing (2 times")) << sentence;
  EXPECT_TRUE(sentence.contains("1,203 submissions")) << sentence;
  EXPECT_TRUE(sentence.contains("quarantine")) << sentence;
  EXPECT_EQ(answer.at("result").at("problems").at(0).at("times"), 2);
}

TEST_F(DeskTest, a_backup_says_where_it_is_and_what_stands_in_its_way) {
  const auto place = [this](const std::string& inside) { return (directory.parent_path() / inside).string(); };
  const auto ask = [this](const std::string& to) { return last(json{{"command", "backup"}, {"to", to}}.dump()); };
  const auto fine = place(directory.filename().string() + "-copy");
  const auto made = ask(fine);
  ASSERT_TRUE(made.contains("ok")) << made.dump();
  EXPECT_TRUE(made.at("sentence").get<std::string>().contains("titip.key")) << made.dump();
  EXPECT_TRUE(ask(fine).at("error").get<std::string>().contains("is there already"));
  EXPECT_TRUE(std::filesystem::exists(fine)) << "what is somebody's stays";
  std::filesystem::remove_all(fine);
  store->makes_empty_copies = true;  // which are no store
  EXPECT_EQ(ask(fine).at("kind"), "failed");
  EXPECT_FALSE(std::filesystem::exists(fine)) << "half a backup is not left behind";
  EXPECT_TRUE(ask("/nonexistent/place/backup").at("error").get<std::string>().contains("make it first"));
  EXPECT_TRUE(
      ask((directory / "backup").string()).at("error").get<std::string>().contains("lies in the data directory"));
  store->checkpoint_error = storage::Error::unavailable;
  EXPECT_EQ(ask(fine).at("kind"), "failed");
  EXPECT_FALSE(std::filesystem::exists(fine));
}

TEST_F(DeskTest, a_stop_ends_a_run_at_its_next_step_and_refuses_others) {
  storage::SubmissionId next;
  next.bytes.fill(7);
  store->slices = {storage::Retained{500, 3, 0, next}};  // no end
  Client client(path());
  client.send("{\"command\":\"retain\",\"reason\":\"room is needed\"}\n");
  ASSERT_TRUE(client.line().contains("done"));
  desk->begin_stop();
  const auto ended = json::parse(client.lines().back());
  EXPECT_TRUE(ended.at("error").get<std::string>().contains("Start it again to go on")) << ended.dump();
  EXPECT_TRUE(last(R"({"command":"status"})").at("error").get<std::string>().contains("stopping"));
}

// Page by page, as the command line asks.
TEST_F(DeskTest, outages_come_a_page_at_a_time) {
  constexpr auto hour = 3'600'000LL;
  storage::WaitingHome home;
  const auto put = [&](const std::string& destination, int count) {
    std::vector<storage::PutObject> puts;
    for (int at = 0; at < count; ++at) {
      delivery::Outage outage{
          destination, tests::morning + at * 2h, tests::morning + at * 2h + 1h, "http_503", 7, 9, 5};
      if (at + 1 == count) outage.ended_at.reset();
      puts.push_back({std::string(delivery::outage_kind), object_name(outage), std::nullopt, encode(outage)});
    }
    const auto applied = home.ask<std::vector<storage::Applied>>(
        [&](auto done) { engine->put_objects(std::move(puts), home, std::move(done)); });
    ASSERT_TRUE(applied);
  };
  put("sehat", 3);
  put("sehat-2", 2);
  put("pcare", 450);
  const auto asked = [&](json request) {
    request["command"] = "outages";
    std::vector<json> pages;
    do {
      pages.push_back(last(request.dump()));
      EXPECT_TRUE(pages.back().value("ok", false)) << pages.back().dump();
      request["after"] = pages.back()["result"].value("next", "");
    } while (request["after"] != "" && pages.size() < 10);
    return pages;
  };
  const auto count = [](const std::vector<json>& pages) {
    std::size_t sum = 0;
    for (const auto& page : pages) sum += page["result"]["outages"].size();
    return sum;
  };
  const auto all = asked({});
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(count(all), 455U);
  EXPECT_EQ(all[0]["sentence"], "200 outages. There are more.");
  EXPECT_EQ(all[0]["result"]["outages"][1]["began_at_ms"], tests::morning.time_since_epoch().count() + 2 * hour);
  EXPECT_EQ(count(asked({{"destination", "sehat"}})), 3U) << "and not those of one whose name begins alike";
  EXPECT_EQ(count(asked({{"destination", "pcare"}})), 450U);
  const auto since = tests::morning.time_since_epoch().count() + hour;
  EXPECT_EQ(count(asked({{"destination", "sehat"}, {"since_ms", since}})), 3U) << "the first lasted until then";
  EXPECT_EQ(count(asked({{"destination", "sehat"}, {"since_ms", since + 1}})), 2U);
  EXPECT_EQ(count(asked({{"destination", "sehat"}, {"since_ms", since + 1000 * hour}})), 1U) << "one is not over";
  EXPECT_EQ(last(R"({"command":"outages","destination":"seh"})").at("kind"), "not_found");
  EXPECT_TRUE(store->audited().empty()) << "looking is not audited";
  EXPECT_EQ(std::ranges::count(actions, "outages"), 6) << "counted once each, however many pages";
}

TEST_F(DeskTest, a_record_of_an_outage_that_cannot_be_read_is_told_of) {
  storage::WaitingHome home;
  const auto applied = home.ask<std::vector<storage::Applied>>([&](auto done) {
    engine->put_objects({{std::string(delivery::outage_kind), "pcare/1", std::nullopt, "rubbish"}}, home,
                        std::move(done));
  });
  ASSERT_TRUE(applied);
  const auto answer = last(R"({"command":"outages"})");
  EXPECT_TRUE(answer.value("partial", false)) << answer.dump();
  EXPECT_EQ(answer["sentence"], "0 outages. 1 record cannot be read.");
}

}  // namespace
}  // namespace titip::admin
