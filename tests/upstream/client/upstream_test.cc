// Breaker, window, health and metrics of one destination over a scripted transport.
#include "upstream/client/upstream.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/gateway/fakes.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::client {
namespace {

using namespace std::chrono_literals;
using rules::BreakerState;
using rules::Exchange;
using rules::Failure;
using tests::national;

class UpstreamTest : public testing::Test {
 protected:
  UpstreamTest() {
    transport_.server = [this](const auto&) { return answer_; };
    upstream_.on_change([this] { ++changes_; });
  }

  rules::Classified send(std::uint64_t key) {
    std::optional<rules::Classified> result;
    upstream_.send_record({"POST", "/vaksin/simpan", {}, "{}"}, "vaksin/simpan", {key, "0905R002"},
                          [&](const auto&, const auto& classified) { result = classified; });
    EXPECT_FALSE(result) << "answers never come inside the call";
    while (transport_.run()) {
    }
    return result.value_or(rules::Classified{});
  }
  std::string read() {
    std::optional<Exchange> result;
    upstream_.send_read({"GET", "/referensi/alasan", {}, {}}, {}, client::Upstream::Asker::somebody,
                        [&](auto exchange) { result = std::move(exchange); });
    while (transport_.run()) {
    }
    if (!result) return "nothing";
    const auto* failure = std::get_if<Failure>(&*result);
    return failure ? std::string(rules::name(*failure)) : "reply";
  }
  void trip() {
    answer_ = Failure::connect_refused;
    for (std::uint64_t key = 1; key <= 5; ++key) send(key);
    ASSERT_EQ(upstream_.state(), BreakerState::open);
  }
  bool exposes(const std::string& line) { return registry_.expose().contains(line + "\n"); }

  tests::FakeClock clock_;
  metrics::Registry registry_;
  metrics::DestinationProbes probes_{registry_, "pcare"};
  tests::ScriptedTransport transport_;
  std::optional<Exchange> answer_ = national(201, 201, "CREATED");
  int changes_ = 0;
  int refused_health_reads_ = 0;
  std::function<void(OutboundRequest&)> sign_;
  Upstream upstream_{
      tests::pcare_vaksin(),
      {},
      {transport_, [this] { return clock_.steady(); }, [this] { return clock_.wall(); }, [] { return 0.0; }, probes_,
       [this](OutboundRequest& request) {
         if (sign_) sign_(request);
       },
       [this] { ++refused_health_reads_; }}};
};

TEST_F(UpstreamTest, a_health_read_is_signed_and_its_reply_opened) {
  sign_ = [](OutboundRequest& request) {
    request.add_signed({{"X-signature", "signed"}}, [](std::string_view body) {
      EXPECT_EQ(body, "sealed");
      return national(200, 200, "OK").body;
    });
  };
  answer_ = rules::Reply{200, "text/plain", "sealed", {}};
  upstream_.send_health_read();
  EXPECT_FALSE(upstream_.health().last_served);
  while (transport_.run()) {
  }
  ASSERT_EQ(transport_.seen.size(), 1U);
  EXPECT_EQ(tests::header(transport_.seen[0], "X-signature"), "signed");
  EXPECT_EQ(upstream_.health().last_served, tests::morning);
}

TEST_F(UpstreamTest, our_clock_is_compared_with_the_servers_own_word) {
  EXPECT_EQ(registry_.expose().find("titip_clock_offset_seconds{"), std::string::npos) << "nobody knows yet";
  auto reply = national(200, 200, "OK");
  reply.date = std::chrono::floor<std::chrono::seconds>(tests::morning) - 90s;
  answer_ = reply;
  send(1);
  EXPECT_TRUE(exposes("titip_clock_offset_seconds{destination=\"pcare\"} 89.5"));
  reply.date = std::chrono::floor<std::chrono::seconds>(tests::morning) + 1h;
  reply.http_status = 502;
  reply.body = "<html>";
  answer_ = reply;
  send(2);
  EXPECT_TRUE(exposes("titip_clock_offset_seconds{destination=\"pcare\"} 89.5"))
      << "a proxy's clock is not the server's";
}

TEST_F(UpstreamTest, classifies_what_comes_back) {
  const auto delivered = send(1);
  EXPECT_EQ(delivered.outcome, rules::OutcomeKind::delivered);
  EXPECT_EQ(delivered.rule, "accepted");
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(upstream_.health().last_served, tests::morning);
  EXPECT_TRUE(exposes("titip_upstream_last_success_timestamp_seconds{destination=\"pcare\"} 1629075600"));
  answer_ = Failure::response_timeout;
  EXPECT_EQ(send(1).outcome, rules::OutcomeKind::unknown);
}

TEST_F(UpstreamTest, an_outage_lasts_from_the_first_opening_to_the_closing) {
  EXPECT_FALSE(upstream_.health().outage_since);
  clock_.advance(1h);
  trip();
  EXPECT_EQ(upstream_.health().outage_since, tests::morning + 1h);
  EXPECT_EQ(upstream_.health().state, BreakerState::open);
  EXPECT_EQ(upstream_.health().outages, 1U);
  EXPECT_TRUE(exposes("titip_upstream_state{destination=\"pcare\",state=\"open\"} 1"));
  EXPECT_TRUE(exposes("titip_upstream_state{destination=\"pcare\",state=\"closed\"} 0"));
  EXPECT_TRUE(exposes("titip_upstream_outages_total{cause=\"connect_refused\",destination=\"pcare\"} 1"));
  EXPECT_TRUE(exposes("titip_upstream_outage_started_timestamp_seconds{destination=\"pcare\"} 1629079200"));

  clock_.advance(15s);
  upstream_.refresh();
  EXPECT_EQ(upstream_.health().state, BreakerState::half_open);
  EXPECT_TRUE(exposes("titip_upstream_state{destination=\"pcare\",state=\"half_open\"} 1"));
  EXPECT_TRUE(exposes("titip_upstream_state{destination=\"pcare\",state=\"open\"} 0"));
  upstream_.send_health_read();  // fails: the same outage goes on
  while (transport_.run()) {
  }
  EXPECT_EQ(upstream_.health().state, BreakerState::open);
  EXPECT_EQ(upstream_.health().outages, 1U);
  EXPECT_EQ(upstream_.health().outage_since, tests::morning + 1h);

  clock_.advance(30s);
  answer_ = national(200, 200, "OK", R"({"list":[]})");
  upstream_.records_waiting(true);
  ASSERT_TRUE(upstream_.wants_health_read());
  upstream_.send_health_read();
  while (transport_.run()) {
  }
  EXPECT_EQ(upstream_.state(), BreakerState::half_open);
  answer_ = national(201, 201, "CREATED");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(upstream_.may_send_record());
    EXPECT_EQ(upstream_.window(), 1U);
    send(9);
  }
  EXPECT_EQ(upstream_.health().state, BreakerState::closed);
  EXPECT_FALSE(upstream_.health().outage_since);
  EXPECT_TRUE(exposes("titip_upstream_outage_seconds_total{destination=\"pcare\"} 45"));
  EXPECT_TRUE(exposes("titip_upstream_outage_started_timestamp_seconds{destination=\"pcare\"} 0"));
  EXPECT_TRUE(exposes("titip_upstream_state{destination=\"pcare\",state=\"closed\"} 1"));
}

TEST_F(UpstreamTest, a_proxy_that_refuses_our_credentials_is_asked_once_in_the_longest_pause) {
  answer_ = Failure::proxy_credentials;
  EXPECT_EQ(send(1).outcome, rules::OutcomeKind::deferred);
  EXPECT_EQ(upstream_.state(), BreakerState::open);
  EXPECT_EQ(upstream_.health().cause, "proxy_credentials");
  clock_.advance(rules::BreakerOptions{}.open_max - 1ms);
  EXPECT_EQ(read(), "not_admitted");
  clock_.advance(1ms);
  EXPECT_EQ(read(), "proxy_credentials");
  EXPECT_EQ(transport_.seen.size(), 2U);
  clock_.advance(rules::BreakerOptions{}.open_first);
  EXPECT_EQ(upstream_.state(), BreakerState::open) << "a trial that is refused waits as long again";
}

TEST_F(UpstreamTest, reads_obey_the_breaker_and_count_in_it) {
  answer_ = national(200, 200, "OK");
  EXPECT_EQ(read(), "reply");
  answer_ = rules::Reply{503, "text/html", "<html>", {}};
  for (int i = 0; i < 9; ++i) read();
  EXPECT_EQ(upstream_.state(), BreakerState::open);
  const auto seen = transport_.seen.size();
  EXPECT_EQ(read(), "not_admitted");
  EXPECT_EQ(transport_.seen.size(), seen) << "nothing may reach the server";
  EXPECT_FALSE(upstream_.may_send_record());
}

TEST_F(UpstreamTest, who_tripped_it_is_known_until_it_closes) {
  EXPECT_FALSE(upstream_.is_suspect(3));
  trip();
  EXPECT_TRUE(upstream_.is_suspect(3));
  EXPECT_FALSE(upstream_.is_suspect(6));
  clock_.advance(15s);
  answer_ = national(201, 201, "CREATED");
  upstream_.send_health_read();
  while (transport_.run()) {
  }
  for (int i = 0; i < 3; ++i) send(6);
  ASSERT_EQ(upstream_.state(), BreakerState::closed);
  EXPECT_FALSE(upstream_.is_suspect(3));
}

TEST_F(UpstreamTest, a_rejection_is_a_sign_of_life) {
  answer_ = national(412, 412, "PRECONDITION_FAILED");
  for (std::uint64_t key = 0; key < 20; ++key) send(key);
  EXPECT_EQ(upstream_.state(), BreakerState::closed);
  EXPECT_TRUE(upstream_.health().last_served);
}

TEST_F(UpstreamTest, the_window_grows_with_successes_and_starts_small_after_an_outage) {
  const auto initial = upstream_.window();
  EXPECT_TRUE(exposes("titip_drain_window{destination=\"pcare\"} " + std::to_string(initial)));
  const auto grow = [&] {
    for (int round = 0; round < 10; ++round) {
      const auto window = upstream_.window();
      for (std::uint32_t i = 0; i < window; ++i)
        upstream_.send_record({"POST", "/vaksin/simpan", {}, "{}"}, "vaksin/simpan", {i, "0905R002"},
                              [](const auto&, const auto&) {});
      while (transport_.run()) {
      }
    }
  };
  grow();
  const auto grown = upstream_.window();
  EXPECT_GT(grown, initial);
  EXPECT_TRUE(exposes("titip_drain_window{destination=\"pcare\"} " + std::to_string(grown)));
  clock_.advance(1min);
  trip();
  clock_.advance(15s);
  answer_ = national(200, 200, "OK");
  upstream_.records_waiting(false);
  for (int i = 0; i < 3; ++i) {
    upstream_.send_health_read();
    while (transport_.run()) {
    }
  }
  EXPECT_EQ(upstream_.state(), BreakerState::closed);
  EXPECT_EQ(upstream_.window(), initial);
}

TEST_F(UpstreamTest, the_health_read_is_the_profiles) {
  upstream_.send_health_read();
  while (transport_.run()) {
  }
  ASSERT_EQ(transport_.seen.size(), 1U);
  EXPECT_EQ(transport_.seen[0].method, "GET");
  EXPECT_EQ(transport_.seen[0].target, "/referensi/jenisvaksin");
}

// Whoever stands before the service lets one facility's calls not pass: that is no outage.
TEST_F(UpstreamTest, a_bare_refusal_of_a_read_is_the_facilitys_trouble_unless_it_is_everybodys) {
  answer_ = rules::Reply{401, "text/html", "<html>", {}};
  const auto read_of = [&](const std::string& facility, int thing) {
    upstream_.send_read({"GET", "/x" + std::to_string(thing), {}, {}},
                        {std::hash<std::string>{}(facility), facility, static_cast<std::uint64_t>(thing)},
                        Upstream::Asker::somebody, [](const auto&) {});
    while (transport_.run()) {
    }
  };
  for (int i = 0; i < 50; ++i) read_of("a", i);
  EXPECT_EQ(upstream_.state(), BreakerState::closed);
  EXPECT_FALSE(upstream_.health().last_served) << "nor is it a sign of life";
  answer_ = national(200, 200, "OK");
  for (const auto* well : {"b", "c", "d", "e", "f", "g"}) read_of(well, 1);
  answer_ = rules::Reply{403, "text/html", "<html>", {}};
  clock_.advance(11s);
  for (const auto* also : {"h", "i", "j", "k"}) read_of(also, 1);
  EXPECT_EQ(upstream_.state(), BreakerState::closed) << "five of eleven";
  for (int i = 0; i < 5; ++i)
    for (const auto* also : {"l", "m", "n"}) read_of(also, i);
  EXPECT_EQ(upstream_.state(), BreakerState::open) << "eight of fourteen: everybody's";
}

TEST_F(UpstreamTest, a_health_read_that_is_refused_tells_so_and_is_a_sign_of_life_in_the_envelope_alone) {
  answer_ = national(401, 401, "x-kdppk tidak dikenal");
  upstream_.send_health_read();
  while (transport_.run()) {
  }
  EXPECT_EQ(refused_health_reads_, 1);
  EXPECT_TRUE(upstream_.health().last_served);
  trip();
  clock_.advance(15s);
  answer_ = rules::Reply{401, "text/html", "<html>", {}};
  upstream_.send_health_read();
  while (transport_.run()) {
  }
  EXPECT_EQ(upstream_.state(), BreakerState::open);
}

// Everybody waits for a trial.
TEST_F(UpstreamTest, a_trial_is_given_up_sooner_and_a_slow_server_is_let_back_all_the_same) {
  send(1);
  EXPECT_EQ(transport_.seen.back().answer_within, std::nullopt) << "the transport's own";
  EXPECT_EQ(upstream_.cut_short(), 0ms);
  trip();
  for (const auto within : {8'000ms, 16'000ms, 30'000ms, 30'000ms}) {
    answer_ = Failure::response_timeout;
    clock_.advance(20s);
    ASSERT_EQ(upstream_.state(), BreakerState::half_open);
    EXPECT_EQ(upstream_.cut_short(), 30s - within);
    upstream_.send_health_read();
    while (transport_.run()) {
    }
    EXPECT_EQ(transport_.seen.back().answer_within, within);
  }
  clock_.advance(20s);
  answer_ = national(200, 200, "OK");
  upstream_.send_health_read();
  while (transport_.run()) {
  }
  send(9);
  EXPECT_EQ(transport_.seen.back().answer_within, 8'000ms) << "one that answers begins anew; a record is a trial too";
}

TEST_F(UpstreamTest, tells_when_a_mass_refusal_is_over) {
  std::vector<rules::SteadyTime> over;
  upstream_.on_refusals_over([&](auto since) { over.push_back(since); });
  const auto began = clock_.steady();
  for (const auto* facility : {"a", "b", "c", "d"}) EXPECT_FALSE(upstream_.credentials_answered(facility, true));
  EXPECT_TRUE(upstream_.credentials_answered("e", true));
  clock_.advance(5min);
  EXPECT_TRUE(upstream_.credentials_answered("a", true)) << "nobody was let in since";
  // That a session has expired is no sign that anybody is let in.
  answer_ = national(401, 401, "Sesi login telah berakhir");
  EXPECT_EQ(send(1).outcome, rules::OutcomeKind::login_expired);
  EXPECT_TRUE(over.empty());
  answer_ = national(201, 201, "CREATED");
  send(1);
  EXPECT_EQ(over, std::vector{began - 60s});
  EXPECT_FALSE(upstream_.credentials_answered("a", true));
}

}  // namespace
}  // namespace titip::client
