// The simulator on a real socket: what each kind of weather does to a client and to the ledger.
#include "tests/pcare_sim/simulator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/pcare_sim/forms_for_tests.h"
#include "tests/pcare_sim/text.h"
#include "tests/pcare_sim/wire_client.h"

namespace titip::pcare_sim {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string today = "2021-08-16";

Options ordinary() {
  Options options;
  options.rules.now = [] { return WallTime{std::chrono::sys_days{2021y / 8 / 16} + 3h}; };
  return options;
}

class SimulatorTest : public testing::Test {
 protected:
  void start(Options options = ordinary()) {
    auto started = Simulator::start(std::move(options));
    ASSERT_TRUE(started.has_value()) << started.error();
    simulator_ = *std::move(started);
    client_ = std::make_unique<WireClient>(simulator_->port());
  }

  // For the whole test, from now on.
  void weather(const std::string& kind_and_keys) {
    simulator_->set_weather(parse_weather(R"([{"from_s":0,"to_s":900,"kind":)" + kind_and_keys + "}]").value());
  }
  void clear_up() { simulator_->set_weather({}); }

  WireAnswer post(const std::string& path, const std::string& body, std::chrono::milliseconds patience = 2s) {
    return client_->send({.method = "POST", .path = "/vaksin" + path, .body = body, .patience = patience});
  }
  WireAnswer get(const std::string& path) { return client_->send({.path = path}); }
  Totals totals() const { return simulator_->totals(); }
  json ledger() const { return json::parse(simulator_->ledger_json()); }
  std::uint64_t hits(Kind kind) const { return totals().weather[static_cast<std::size_t>(kind)]; }

  // The number of effects once it is `expected`, or after a second.
  std::uint64_t effects_soon(std::uint64_t expected) const {
    for (int i = 0; i < 200 && totals().effects != expected; ++i) std::this_thread::sleep_for(5ms);
    return totals().effects;
  }

  std::unique_ptr<Simulator> simulator_;
  std::unique_ptr<WireClient> client_;
};

TEST_F(SimulatorTest, fair_weather_serves_on_one_connection) {
  start();
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).status, 201);
  const WireAnswer dosed = post("/vaksin/simpan", dose(1, today));
  EXPECT_EQ(dosed.status, 201);
  EXPECT_NE(dosed.head.find("Content-Type: application/json"), std::string::npos);
  EXPECT_EQ(get("/vaksin/tiket/nik/" + sampler::make_person(1, 1).nik).status, 200);
  EXPECT_EQ(get("/vaksin").status, 404);
  EXPECT_EQ(get("/vaksinasi/login").status, 404);
  EXPECT_EQ(get("/").status, 404);
  const Totals seen = totals();
  EXPECT_EQ(seen.requests, 6U);
  EXPECT_EQ(seen.writes, 2U);
  EXPECT_EQ(seen.reads, 1U);
  EXPECT_EQ(seen.effects, 2U);
}

TEST_F(SimulatorTest, the_ledger_tells_order_hash_key_and_final_values) {
  start();
  post("/sasaran/simpan", registration(1));
  const std::string body = dose(1, today, 1, "1");
  client_->send({.method = "POST", .path = "/vaksin/vaksin/simpan", .body = body, .idempotency_key = "sub-7"});
  post("/sasaran/simpan", registration(2));
  client_->send({.method = "PUT", .path = "/vaksin/vaksin/ubah", .body = dose(1, today, 1, "2")});
  const json all = json::parse(get("/_sim/ledger").body);
  ASSERT_EQ(all["entries"].size(), 3U);
  EXPECT_EQ(all["totals"]["effects"], 4);
  const json& entry = all["entries"][1];
  EXPECT_EQ(entry["kind"], "dose");
  EXPECT_EQ(entry["kdPpk"], test_facility());
  EXPECT_EQ(entry["nik"], sampler::make_person(1, 1).nik);
  EXPECT_EQ(entry["dosis"], "1");
  EXPECT_EQ(entry["tglVaksin"], today);
  EXPECT_EQ(entry["count"], 2);
  EXPECT_EQ(entry["values"], json::parse(dose(1, today, 1, "2")));
  EXPECT_EQ(entry["effects"][0]["seq"], 2);
  EXPECT_EQ(entry["effects"][0]["method"], "POST");
  EXPECT_EQ(entry["effects"][0]["route"], "vaksin/simpan");
  EXPECT_EQ(entry["effects"][0]["idempotency_key"], "sub-7");
  EXPECT_EQ(entry["effects"][1]["seq"], 4);
  EXPECT_EQ(entry["effects"][1]["route"], "vaksin/ubah");
  EXPECT_TRUE(entry["effects"][1]["idempotency_key"].is_null());
  std::array<unsigned char, 32> hash{};
  ASSERT_EQ(EVP_Digest(body.data(), body.size(), hash.data(), nullptr, EVP_sha256(), nullptr), 1);
  EXPECT_EQ(entry["effects"][0]["body_sha256"], hex(hash));
}

TEST_F(SimulatorTest, the_ledger_is_paged_without_gaps) {
  start();
  for (std::uint32_t person = 0; person < 7; ++person) post("/sasaran/simpan", registration(person));
  post("/sasaran/simpan", registration(0));
  std::vector<std::string> niks;
  std::vector<int> pages;
  std::uint32_t after = 0;
  for (bool more = true; more;) {
    const json page = json::parse(get(fmt::format("/_sim/ledger?after={}&limit=3", after)).body);
    for (const auto& entry : page["entries"]) niks.push_back(entry["nik"]);
    pages.push_back(static_cast<int>(page["entries"].size()));
    after = page["next_after"];
    more = page["more"];
  }
  EXPECT_EQ(pages, (std::vector<int>{3, 3, 1}));
  ASSERT_EQ(niks.size(), 7U);
  EXPECT_EQ(niks[6], sampler::make_person(1, 6).nik);
  const json effects = json::parse(get("/_sim/effects?after=6").body);
  ASSERT_EQ(effects["effects"].size(), 2U);
  EXPECT_EQ(effects["effects"][1]["seq"], 8);
  EXPECT_EQ(effects["effects"][1]["nik"], sampler::make_person(1, 0).nik);
  EXPECT_EQ(effects["more"], false);
}

TEST_F(SimulatorTest, refuse_closes_the_door_and_opens_it_again) {
  start();
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).status, 201);
  simulator_->set_weather(parse_weather(R"([{"from_s":0.05,"to_s":0.35,"kind":"refuse"}])").value());
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(post("/sasaran/simpan", registration(2)).came, Came::reset) << "the kept connection";
  EXPECT_EQ(post("/sasaran/simpan", registration(2)).came, Came::refused);
  EXPECT_EQ(totals().effects, 1U);
  WireAnswer answer;
  for (int i = 0; i < 200 && answer.came != Came::answer; ++i) {
    answer = post("/sasaran/simpan", registration(2));
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(totals().effects, 2U);
  EXPECT_EQ(hits(Kind::refuse), 1U);
  weather(R"("refuse")");  // and once more, ended by fair weather
  EXPECT_NE(post("/sasaran/simpan", registration(3)).came, Came::answer);
  EXPECT_EQ(post("/sasaran/simpan", registration(3)).came, Came::refused);
  clear_up();
  EXPECT_EQ(post("/sasaran/simpan", registration(3)).status, 201);
}

TEST_F(SimulatorTest, control_listener_is_out_of_the_weather) {
  Options options = ordinary();
  options.control = "127.0.0.1:0";
  start(std::move(options));
  weather(R"("refuse")");
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).came, Came::refused);
  WireClient control(simulator_->control_port());
  EXPECT_EQ(json::parse(control.send({.path = "/_sim/stats"}).body)["refusing"], true);
  EXPECT_EQ(control.send({.path = "/vaksin/referensi/alasan"}).status, 404) << "the service is not there";
  EXPECT_EQ(control.send({.method = "POST", .path = "/_sim/weather", .body = "[]"}).status, 200);
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).status, 201);
}

TEST_F(SimulatorTest, reset_reads_and_resets) {
  start();
  weather(R"("reset")");
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).came, Came::reset);
  clear_up();
  EXPECT_EQ(totals().effects, 0U);
  EXPECT_EQ(hits(Kind::reset), 1U);
}

TEST_F(SimulatorTest, hang_never_answers_and_never_applies) {
  start();
  weather(R"("hang")");
  EXPECT_EQ(post("/sasaran/simpan", registration(1), 150ms).came, Came::silence);
  clear_up();
  EXPECT_EQ(post("/sasaran/simpan", registration(2)).status, 201);
  EXPECT_EQ(totals().effects, 1U);
}

TEST_F(SimulatorTest, a_hanging_request_is_let_go_in_the_end) {
  Options options = ordinary();
  options.max_hang = 1s;
  start(std::move(options));
  weather(R"("hang")");
  EXPECT_EQ(post("/sasaran/simpan", registration(1), 3s).came, Came::reset);
}

TEST_F(SimulatorTest, html_503_is_a_page_and_not_applied) {
  start();
  weather(R"("html_503")");
  const WireAnswer answer = post("/sasaran/simpan", registration(1));
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.head.find("text/html"), std::string::npos);
  EXPECT_EQ(totals().effects, 0U);
}

TEST_F(SimulatorTest, slow_answers_later) {
  start();
  weather(R"("slow","ms":120)");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).status, 201);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 120ms);
  EXPECT_EQ(totals().late_applies, 0U);
  EXPECT_EQ(post("/sasaran/simpan", registration(2), 30ms).came, Came::silence);
  EXPECT_EQ(effects_soon(2), 2U) << "the server does not notice that nobody waits";
  EXPECT_EQ(totals().late_applies, 1U);
  EXPECT_EQ(ledger()["entries"][1]["effects"][0]["late"], true);
}

TEST_F(SimulatorTest, lose_reply_applies_and_closes) {
  start();
  weather(R"("lose_reply","writes_only":true)");
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).came, Came::closed);
  EXPECT_EQ(get("/vaksin/tiket/nik/" + sampler::make_person(1, 1).nik).status, 200) << "reads are spared";
  EXPECT_EQ(totals().effects, 1U);
  EXPECT_EQ(totals().lost_replies, 1U);
  const json effect = ledger()["entries"][0]["effects"][0];
  EXPECT_EQ(effect["reply_lost"], true);
  EXPECT_EQ(effect["late"], false);
  EXPECT_EQ(effect["weather"], "lose_reply");
}

TEST_F(SimulatorTest, apply_then_applies_and_answers_something_else) {
  struct Row {
    const char* status;
    int http_status;
    const char* text;
  };
  const Row rows[] = {{"500", 500, "500 Internal Server Error"},
                      {"502", 502, "502 Bad Gateway"},
                      {"504", 504, "504 Gateway Timeout"},
                      {"\"maintenance\"", 200, "Pemeliharaan Sistem"}};
  start();
  std::uint32_t person = 0;
  for (const auto& row : rows) {
    weather(fmt::format(R"("apply_then","status":{})", row.status));
    const WireAnswer answer = post("/sasaran/simpan", registration(++person));
    EXPECT_EQ(answer.status, row.http_status) << row.status;
    EXPECT_NE(answer.head.find("text/html"), std::string::npos) << row.status;
    EXPECT_NE(answer.body.find(row.text), std::string::npos) << row.status;
    EXPECT_EQ(totals().effects, person) << row.status;
    EXPECT_EQ(totals().lost_replies, person) << row.status;
  }
}

TEST_F(SimulatorTest, late_apply_waits_until_the_client_has_given_up) {
  start();
  weather(R"("late_apply","after_ms":200)");
  EXPECT_EQ(post("/sasaran/simpan", registration(1), 300ms).came, Came::silence);
  const auto gave_up = std::chrono::steady_clock::now();
  EXPECT_EQ(totals().effects, 0U) << "not while the client waits, and not at once";
  EXPECT_EQ(effects_soon(1), 1U);
  EXPECT_GE(std::chrono::steady_clock::now() - gave_up, 150ms);
  EXPECT_EQ(totals().late_applies, 1U);
  EXPECT_EQ(totals().lost_replies, 0U);
  EXPECT_EQ(ledger()["entries"][0]["effects"][0]["late"], true);
  EXPECT_EQ(ledger()["entries"][0]["effects"][0]["weather"], "late_apply");
}

TEST_F(SimulatorTest, a_late_apply_can_overwrite_what_came_after_it) {
  start();
  post("/sasaran/simpan", registration(1));
  weather(R"("late_apply","after_ms":150)");
  post("/vaksin/simpan", dose(1, today, 1, "1"), 30ms);
  clear_up();
  EXPECT_EQ(post("/vaksin/simpan", dose(1, today, 1, "2")).status, 201);
  EXPECT_EQ(effects_soon(3), 3U);
  EXPECT_EQ(ledger()["entries"][1]["values"]["jenisVaksin"], "1") << "the stale value, applied last, is the final one";
}

TEST_F(SimulatorTest, a_reset_drops_what_was_to_be_applied_late) {
  start();
  weather(R"("late_apply","after_ms":100)");
  post("/sasaran/simpan", registration(1), 30ms);
  EXPECT_EQ(client_->send({.method = "POST", .path = "/_sim/reset"}).status, 200);
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(totals().effects, 0U);
  EXPECT_EQ(totals().requests, 0U);
}

TEST_F(SimulatorTest, expired_login_asks_for_a_new_one) {
  Options options = ordinary();
  options.facilities = {{test_facility(), "desk", "uji"}};
  start(std::move(options));
  const std::string log_in = R"({"username":"desk","password":"uji"})";
  EXPECT_EQ(post("/login", log_in).status, 200);
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).status, 201);
  weather(R"("expired_login")");
  const WireAnswer out = post("/sasaran/simpan", registration(2));
  EXPECT_EQ(out.status, 401);
  EXPECT_NE(out.body.find("Sesi login telah berakhir, silakan login kembali"), std::string::npos);
  EXPECT_EQ(post("/sasaran/simpan", registration(2)).status, 401) << "until it logs in";
  EXPECT_EQ(post("/login", log_in).status, 200);
  EXPECT_EQ(post("/sasaran/simpan", registration(2)).status, 201) << "once a spell";
  EXPECT_EQ(hits(Kind::expired_login), 1U);
}

TEST_F(SimulatorTest, capacity_slows_and_then_turns_away) {
  Options options = ordinary();
  options.capacity_per_s = 20;
  options.capacity_patience = 200ms;
  start(std::move(options));
  std::vector<std::unique_ptr<WireClient>> clients;
  const auto began = std::chrono::steady_clock::now();
  for (std::uint32_t person = 0; person < 12; ++person) {
    clients.push_back(std::make_unique<WireClient>(simulator_->port()));
    ASSERT_TRUE(clients.back()->connect());
    clients.back()->write(
        request_text({.method = "POST", .path = "/vaksin/sasaran/simpan", .body = registration(person)}));
  }
  int served = 0;
  int turned_away = 0;
  for (auto& client : clients) {
    const WireAnswer answer = client->read_answer();
    if (answer.status == 201) ++served;
    if (answer.status == 503 && answer.head.find("text/html") != std::string::npos) ++turned_away;
  }
  EXPECT_GE(std::chrono::steady_clock::now() - began, 150ms) << "those served had to queue";
  EXPECT_EQ(served + turned_away, 12);
  EXPECT_GE(served, 5);
  EXPECT_GE(turned_away, 1);
  const Totals seen = totals();
  EXPECT_EQ(seen.turned_away, static_cast<std::uint64_t>(turned_away));
  EXPECT_EQ(seen.effects, static_cast<std::uint64_t>(served));
  EXPECT_GE(seen.slowed, 4U);
  EXPECT_EQ(get("/_sim/stats").status, 200) << "control is not counted";
}

TEST_F(SimulatorTest, pipelined_requests_are_answered_in_order) {
  start();
  ASSERT_TRUE(client_->connect());
  std::string requests;
  for (std::uint32_t person = 0; person < 40; ++person)
    requests += request_text({.method = "POST", .path = "/vaksin/sasaran/simpan", .body = registration(person)});
  ASSERT_TRUE(client_->write(requests));
  for (std::uint32_t person = 0; person < 40; ++person) {
    const WireAnswer answer = client_->read_answer();
    ASSERT_EQ(answer.status, 201) << person;
    EXPECT_NE(answer.body.find(sampler::make_person(1, person).ticket), std::string::npos) << person;
  }
}

TEST_F(SimulatorTest, the_weathers_clock_starts_with_the_first_request) {
  Options options = ordinary();
  options.weather = parse_weather(R"([{"from_s":0,"to_s":0.3,"kind":"html_503"}])").value();
  start(std::move(options));
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(get("/_sim/stats").status, 200) << "control is no request";
  EXPECT_EQ(get("/vaksin/referensi/alasan").status, 503);
  std::this_thread::sleep_for(350ms);
  EXPECT_EQ(get("/vaksin/referensi/alasan").status, 200);
  client_->send({.method = "POST", .path = "/_sim/reset"});
  EXPECT_EQ(get("/vaksin/referensi/alasan").status, 503) << "the first script starts over";
}

TEST_F(SimulatorTest, the_weathers_clock_starts_with_the_server_when_told_so) {
  Options options = ordinary();
  options.weather = parse_weather(R"([{"from_s":0,"to_s":0.1,"kind":"html_503"}])").value();
  options.weather_from_start = true;
  start(std::move(options));
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(get("/vaksin/referensi/alasan").status, 200);
}

TEST_F(SimulatorTest, posted_weather_is_checked_and_replaces_the_old) {
  start();
  const auto set = [&](const std::string& script) {
    return client_->send({.method = "POST", .path = "/_sim/weather", .body = script});
  };
  const WireAnswer wrong = set(R"([{"from_s":0,"to_s":1,"kind":"rain"}])");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(json::parse(wrong.body)["pointer"], "/0/kind");
  EXPECT_EQ(json::parse(set(R"([{"from_s":0,"to_s":900,"kind":"html_503"}])").body)["spells"], 1);
  EXPECT_EQ(get("/vaksin/referensi/alasan").status, 503);
  EXPECT_EQ(set("[]").status, 200);
  EXPECT_EQ(get("/vaksin/referensi/alasan").status, 200);
  EXPECT_EQ(set(R"([{"from_s":0,"to_s":900,"kind":"refuse"}])").status, 200) << "told, then refused";
  EXPECT_EQ(get("/vaksin/referensi/alasan").came, Came::refused);
  EXPECT_EQ(json::parse(simulator_->ledger_json())["totals"]["weather"]["refuse"], 1);
}

TEST_F(SimulatorTest, what_is_too_big_or_broken_is_refused) {
  start();
  EXPECT_EQ(post("/sasaran/simpan", std::string((1U << 20U) + 1, ' ')).status, 413);
  struct Row {
    const char* name;
    std::string bytes;
    int status;
  };
  const Row rows[] = {
      {"long header", "GET /vaksin/referensi/alasan HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n",
       431},
      {"long target", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
      {"no HTTP", "halo\r\n\r\n", 400},
      {"odd length", "POST /vaksin/login HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
  };
  for (const auto& row : rows) {
    ASSERT_TRUE(client_->connect()) << row.name;
    client_->write(row.bytes);
    EXPECT_EQ(client_->read_answer().status, row.status) << row.name;
  }
  EXPECT_EQ(post("/sasaran/simpan", registration(1)).status, 201);
}

TEST_F(SimulatorTest, connections_beyond_the_limit_are_turned_away_and_idle_ones_closed) {
  Options options = ordinary();
  options.max_connections = 2;
  options.max_idle = 1s;
  start(std::move(options));
  WireClient first(simulator_->port());
  WireClient second(simulator_->port());
  EXPECT_EQ(first.send({.path = "/_sim/stats"}).status, 200);
  EXPECT_EQ(second.send({.path = "/_sim/stats"}).status, 200);
  EXPECT_NE(get("/_sim/stats").came, Came::answer);
  EXPECT_EQ(first.read_answer(3s).came, Came::reset) << "idle for too long";
  EXPECT_EQ(get("/_sim/stats").status, 200);
}

TEST_F(SimulatorTest, the_ledger_log_and_the_ledger_outlive_a_stop) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("pcare_sim_test_{}.jsonl", ::getpid());
  std::filesystem::remove(path);
  Options options = ordinary();
  options.ledger_log = path.string();
  start(std::move(options));
  post("/sasaran/simpan", registration(1));
  post("/vaksin/simpan", dose(1, today));
  simulator_->stop();
  EXPECT_EQ(post("/vaksin/simpan", dose(1, today)).came, Came::reset);
  EXPECT_EQ(ledger()["entries"].size(), 2U);
  std::ifstream log(path);
  std::string line;
  std::vector<json> lines;
  while (std::getline(log, line)) lines.push_back(json::parse(line));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1]["seq"], 2);
  EXPECT_EQ(lines[1]["values"], json::parse(dose(1, today)));
  std::filesystem::remove(path);
}

TEST(simulator_start, wrong_options_are_refused_with_a_sentence) {
  auto first = Simulator::start(ordinary()).value();
  struct Row {
    const char* name;
    void (*spoil)(Options&, const Simulator&);
    const char* expected;
  };
  const Row rows[] = {
      {"no port", [](Options& o, const Simulator&) { o.listen = "127.0.0.1"; }, "listen: '127.0.0.1' must be written"},
      {"no address", [](Options& o, const Simulator&) { o.listen = "nowhere:80"; },
       "listen: 'nowhere:80' must be written"},
      {"big port", [](Options& o, const Simulator&) { o.listen = "127.0.0.1:70000"; },
       "listen: '127.0.0.1:70000' must"},
      {"taken", [](Options& o, const Simulator& s) { o.listen = fmt::format("127.0.0.1:{}", s.port()); },
       "cannot listen on 127.0.0.1:"},
      {"control", [](Options& o, const Simulator&) { o.control = "x"; }, "control: 'x' must be written"},
      {"base", [](Options& o, const Simulator&) { o.base = "vaksin/"; }, "base 'vaksin/' must be a path like /vaksin"},
      {"code twice",
       [](Options& o, const Simulator&) { o.facilities = {{"A1", "desk", "uji"}, {"A1", "meja", "uji"}}; },
       "facility A1 is given twice"},
      {"user twice",
       [](Options& o, const Simulator&) { o.facilities = {{"A1", "desk", "uji"}, {"B2", "desk", "uji"}}; },
       "user desk is given to two facilities"},
      {"log", [](Options& o, const Simulator&) { o.ledger_log = "/proc/none/x"; }, "cannot append to /proc/none/x"},
  };
  for (const auto& row : rows) {
    Options options = ordinary();
    row.spoil(options, *first);
    const auto started = Simulator::start(std::move(options));
    ASSERT_FALSE(started.has_value()) << row.name;
    EXPECT_EQ(started.error().substr(0, std::string(row.expected).size()), row.expected) << row.name;
  }
}

}  // namespace
}  // namespace titip::pcare_sim
