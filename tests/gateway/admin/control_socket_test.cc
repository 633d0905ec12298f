// The protocol on a real socket: bad lines, limits, callers that are slow, silent or gone.
#include "gateway/admin/control_socket.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gateway/admin/control_call.h"
#include "tests/gateway/admin/control_fixture.h"

namespace titip::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class ControlTest : public ControlFixture {
 protected:
  // Answers every request at once with its command, and counts.
  void serve_echo(ControlOptions options = {}) {
    const auto served = serve(options, [this](const Request& request, const std::shared_ptr<Caller>& caller) {
      ++asked;
      who = caller->who();
      caller->tell(Ended{{}, false, words::verbatim(name(request.command)), {}});
    });
    ASSERT_TRUE(served) << served.error().english();
  }
  std::atomic<int> asked = 0;
  std::string who;
};

TEST_F(ControlTest, answers_one_request_and_hangs_up) {
  serve_echo();
  Client client(path());
  client.send("{\"command\":\"status\"}\n{\"command\":\"verify\"}\n");
  EXPECT_EQ(client.lines(), (std::vector<std::string>{R"({"ok":true,"sentence":"status","sentence_id":"status"})"}));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(who, fmt::format("uid:{}", ::getuid()));
}

TEST_F(ControlTest, takes_a_line_in_pieces_and_from_a_caller_that_will_say_no_more) {
  serve_echo();
  Client client(path());
  for (const auto* piece : {"{\"comm", "and\":\"ver", "ify\"}", "\n"}) {
    client.send(piece);
    std::this_thread::sleep_for(5ms);
  }
  client.end_sending();
  EXPECT_EQ(client.lines(), (std::vector<std::string>{R"({"ok":true,"sentence":"verify","sentence_id":"verify"})"}));
}

TEST_F(ControlTest, bad_lines_are_answered_with_a_sentence_and_reach_nobody) {
  serve_echo();
  for (const auto* bad : {"\n", "hello\n", "{}\n", "[1]\n", "{\"command\":\"drop\"}\n", "GET / HTTP/1.1\r\n\r\n",
                          "{\"command\":\"erase\",\"people\":[\"1\"],\"reason\":\"x\"}\n", "\0\0\0\n"}) {
    Client client(path());
    client.send(bad[0] == '\0' ? std::string_view("\0\0\n", 3) : std::string_view(bad));
    const auto lines = client.lines();
    ASSERT_EQ(lines.size(), 1U) << bad;
    const auto answer = json::parse(lines[0]);
    EXPECT_EQ(answer.at("kind"), "usage") << bad;
    EXPECT_TRUE(answer.at("error").get<std::string>().ends_with(".")) << lines[0];
  }
  EXPECT_EQ(asked, 0);
}

TEST_F(ControlTest, a_line_that_is_too_long_is_refused) {
  serve_echo();
  Client client(path());
  client.send("{\"command\":\"status\",\"reason\":\"" + std::string(request_bytes, 'a') + "\"}\n");
  const auto lines = client.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].contains("at most 65536 bytes")) << lines[0];
  EXPECT_EQ(asked, 0);
}

TEST_F(ControlTest, the_longest_line_there_is_may_come) {
  serve_echo();
  std::string line = R"({"command":"export","people":[)";
  for (std::size_t at = 0; at < people_at_once; ++at)
    line += fmt::format("{}\"{}\"", at ? "," : "", 9'900'000'000'000'000 + at);
  line += "]}";
  line.append(request_bytes - line.size() - 1, ' ');
  Client client(path());
  client.send(line + "\n");
  EXPECT_EQ(client.lines(), (std::vector<std::string>{R"({"ok":true,"sentence":"export","sentence_id":"export"})"}));
}

TEST_F(ControlTest, who_says_nothing_is_let_go) {
  ControlOptions options;
  options.request_deadline = 50ms;
  serve_echo(options);
  Client silent(path());
  Client slow(path());
  slow.send("{\"command\"");
  for (auto* client : {&silent, &slow}) {
    const auto lines = client->lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].contains("No request came within")) << lines[0];
  }
  EXPECT_EQ(asked, 0);
}

TEST_F(ControlTest, more_connections_than_there_may_be_are_told_so) {
  ControlOptions options;
  options.connections = 2;
  serve_echo(options);
  {
    Client first(path());
    Client second(path());
    std::this_thread::sleep_for(20ms);
    Client third(path());
    const auto lines = third.lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(json::parse(lines[0]).at("kind"), "busy") << lines[0];
    first.send("{\"command\":\"status\"}\n");
    EXPECT_EQ(first.lines().size(), 1U);
  }
  for (int patience = 0; socket->connections() > 0 && patience < 1000; ++patience) std::this_thread::sleep_for(5ms);
  Client later(path());
  later.send("{\"command\":\"status\"}\n");
  EXPECT_EQ(later.lines().size(), 1U) << "places become free again";
}

// --- callers that are slow or gone

class Telling : public ControlFixture {
 protected:
  void serve_callers(ControlOptions options = {}) {
    const auto served =
        serve(options, [this](const Request&, std::shared_ptr<Caller> caller) { asked.set_value(std::move(caller)); });
    ASSERT_TRUE(served) << served.error().english();
  }
  std::promise<std::shared_ptr<Caller>> asked;
};

TEST_F(Telling, a_slow_reader_makes_an_export_wait_and_gets_every_line) {
  ControlOptions options;
  options.unsent_bytes = 10'000;
  serve_callers(options);
  Client client(path());
  client.send("{\"command\":\"export\",\"people\":[\"9901011501900001\"]}\n");
  const auto caller = asked.get_future().get();
  std::atomic<int> told = 0;
  std::thread run([&] {
    for (int number = 0; number < 2000; ++number) {
      if (!caller->tell(Data{fmt::format(R"({{"n":{},"text":"{}"}})", number, std::string(1000, 'x'))})) break;
      caller->tell(storage::Progress{static_cast<std::uint64_t>(number), 2000});
      ++told;
    }
    caller->tell(Ended{{}, false, words::verbatim("Done."), {}});
  });
  std::this_thread::sleep_for(200ms);
  EXPECT_LT(told, 1000) << "it does not pile up what nobody takes";
  int expected = 0;
  for (const auto& line : client.lines()) {
    const auto answer = json::parse(line);
    if (answer.contains("data")) EXPECT_EQ(answer["data"]["n"], expected++);
  }
  run.join();
  EXPECT_EQ(expected, 2000);
}

TEST_F(Telling, who_takes_nothing_is_let_go_and_the_run_hears_of_it) {
  ControlOptions options;
  options.unsent_bytes = 1000;
  options.write_deadline = 100ms;
  serve_callers(options);
  Client client(path());
  client.send("{\"command\":\"export\",\"people\":[\"9901011501900001\"]}\n");
  const auto caller = asked.get_future().get();
  bool listens = true;
  for (int number = 0; number < 10'000 && listens; ++number)
    listens = caller->tell(Data{"\"" + std::string(1000, 'x') + "\""});
  EXPECT_FALSE(listens);
}

TEST_F(Telling, who_is_gone_is_noticed) {
  serve_callers();
  auto client = std::make_unique<Client>(path());
  client->send("{\"command\":\"verify\"}\n");
  const auto caller = asked.get_future().get();
  EXPECT_TRUE(caller->tell(storage::Progress{1, 10}));
  client.reset();
  bool listens = true;
  for (int patience = 0; patience < 1000 && listens; ++patience) {
    listens = caller->tell(storage::Progress{2, 10});
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_FALSE(listens);
  EXPECT_FALSE(caller->tell(Ended{{}, false, words::verbatim("Nobody hears this."), {}}));
}

TEST_F(Telling, nothing_comes_after_the_last_word) {
  serve_callers();
  Client client(path());
  client.send("{\"command\":\"verify\"}\n");
  const auto caller = asked.get_future().get();
  EXPECT_TRUE(caller->tell(Ended{{}, false, words::verbatim("Done."), {}}));
  EXPECT_FALSE(caller->tell(storage::Progress{1, 10}) &&
               caller->tell(Ended{{}, false, words::verbatim("Done again."), {}}));
  EXPECT_EQ(client.lines().back(), R"({"ok":true,"sentence":"Done.","sentence_id":"Done."})");
}

TEST_F(Telling, an_orderly_stop_lets_a_run_say_its_last_word) {
  serve_callers();
  Client idle(path());
  Client client(path());
  client.send("{\"command\":\"verify\"}\n");
  const auto caller = asked.get_future().get();
  on_loop([this] { socket->stop(); });
  EXPECT_EQ(idle.line(), "") << "who has not asked is let go";
  EXPECT_FALSE(Client(path()).connected()) << "nobody can come any more";
  EXPECT_FALSE(std::filesystem::exists(path()));
  caller->tell(Ended{{}, false, words::verbatim("Done."), {}});
  EXPECT_EQ(client.line(), R"({"ok":true,"sentence":"Done.","sentence_id":"Done."})");
}

// --- the place

TEST_F(ControlTest, only_its_owner_may_open_it) {
  serve_echo();
  struct stat about{};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_TRUE(S_ISSOCK(about.st_mode));
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(ControlTest, a_directory_that_others_may_enter_is_refused) {
  for (const mode_t mode : {0750U, 0701U, 0770U}) {
    ASSERT_EQ(::chmod(directory.c_str(), mode), 0);
    const auto served = serve({}, [](const Request&, const auto&) {});
    ASSERT_FALSE(served);
    EXPECT_TRUE(served.error().english().contains("chmod 700")) << served.error().english();
    const auto called = call(directory, {}, {});
    ASSERT_FALSE(called);
    EXPECT_EQ(called.error().trouble, Trouble::not_allowed);
  }
  ASSERT_EQ(::chmod(directory.c_str(), 0700), 0);
}

TEST_F(ControlTest, what_an_earlier_process_left_is_taken_away_and_a_file_is_not) {
  {
    boost::asio::io_context other;
    ControlSocket left(other, {}, [](const Request&, const auto&) {});
    ASSERT_TRUE(left.listen(directory));
  }
  ASSERT_TRUE(std::filesystem::exists(path()));
  EXPECT_FALSE(gateway_runs(directory)) << "nobody listens there";
  serve_echo();
  EXPECT_TRUE(gateway_runs(directory));
  end();
  std::filesystem::remove(path());
  std::ofstream(path()) << "somebody's notes";
  ControlSocket second(context, {}, [](const Request&, const auto&) {});
  const auto listening = second.listen(directory);
  ASSERT_FALSE(listening);
  EXPECT_TRUE(listening.error().english().contains("in the way")) << listening.error().english();
  EXPECT_EQ(std::filesystem::file_size(path()), 16U);
}

TEST_F(ControlTest, a_path_longer_than_an_address_can_be_works_at_both_ends) {
  directory = directory / std::string(100, 'd') / std::string(100, 'e');
  std::filesystem::create_directories(directory);
  ASSERT_EQ(::chmod(directory.c_str(), 0700), 0);
  serve_echo();
  const auto ended = call(directory, {.command = Command::verify}, {});
  ASSERT_TRUE(ended) << ended.error().sentence.english();
  EXPECT_EQ(ended->sentence.english(), "verify");
  end();
  directory = directory.parent_path().parent_path();
}

// --- the other end

TEST_F(ControlTest, calls_hear_progress_data_and_the_end) {
  const auto served = serve({}, [](const Request& request, const std::shared_ptr<Caller>& caller) {
    EXPECT_EQ(request.people.size(), 1U);
    caller->tell(storage::Progress{1, 2});
    caller->tell(Data{R"({"a":1})"});
    caller->tell(Data{R"({"a":2})"});
    caller->tell(Ended{{}, true, words::verbatim("Half."), R"({"n":2})"});
  });
  ASSERT_TRUE(served);
  std::vector<std::string> data;
  int progress = 0;
  const auto ended =
      call(directory, {.command = Command::export_person, .people = {"9901011501900001"}},
           {[&](storage::Progress) { ++progress; }, [&](const std::string& json) { data.push_back(json); }});
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->partial);
  EXPECT_EQ(ended->sentence.english(), "Half.");
  EXPECT_EQ(ended->result, R"({"n":2})");
  EXPECT_EQ(data, (std::vector<std::string>{R"({"a":1})", R"({"a":2})"}));
  EXPECT_EQ(progress, 1);
}

TEST_F(ControlTest, a_gateway_that_goes_away_in_the_middle_is_said) {
  const auto served = serve({}, [this](const Request&, const std::shared_ptr<Caller>& caller) {
    caller->tell(storage::Progress{1, 2});
    boost::asio::post(context, [this] { socket->abort(); });
  });
  ASSERT_TRUE(served);
  const auto ended = call(directory, {.command = Command::verify}, {});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->trouble, Trouble::unreachable);
  EXPECT_TRUE(ended->sentence.english().contains("Run it again")) << ended->sentence.english();
}

TEST_F(ControlTest, where_nobody_is_it_says_so) {
  for (const auto& place : {directory, directory / "nothing"}) {
    const auto ended = call(place, {}, {});
    ASSERT_FALSE(ended);
    EXPECT_TRUE(ended.error().nobody_there);
  }
}

}  // namespace
}  // namespace titip::admin
