#include "metrics/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "metrics/callback_probes.h"
#include "metrics/certificate_probes.h"

namespace titip::metrics {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// The lines of an exposition that begin with `prefix`.
std::set<std::string> lines(const std::string& exposition, std::string_view prefix) {
  std::set<std::string> found;
  std::istringstream text(exposition);
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(prefix)) found.insert(line);
  return found;
}

struct AllProbes {
  Registry registry;
  HttpProbes http{registry, "front"};
  IntakeProbes intake{registry};
  DestinationProbes destination{registry, "pcare"};
  QueueProbes queue{registry, "pcare"};
  CommitProbes commit{registry};
  ReadProbes reads{registry};
  RetentionProbes retention{registry};
  AdminProbes admin{registry};
  FacilityProbes facilities{registry};
  CallbackProbes callbacks{registry};
  CertificateProbes certificates{registry};
};

// A family that appears only with its first event hides that event from rate() and from alerts.
TEST(Catalogue, every_family_is_exposed_from_the_start) {
  AllProbes probes;
  build_info(probes.registry, "0.1.0", "abc");
  process_metrics(probes.registry);
  const auto exposition = probes.registry.expose();
  for (const auto* family : {"titip_http_requests_total",
                             "titip_http_request_duration_seconds_count",
                             "titip_http_refused_total",
                             "titip_http_connections",
                             "titip_http_in_flight_bytes",
                             "titip_http_addresses",
                             "titip_kept_reads_bytes",
                             "titip_submissions_received_total",
                             "titip_attempts_total",
                             "titip_attempt_duration_seconds_count",
                             "titip_probes_total",
                             "titip_upstream_state",
                             "titip_submission_end_to_end_seconds_count",
                             "titip_upstream_outages_total",
                             "titip_upstream_outage_seconds_total",
                             "titip_upstream_outage_started_timestamp_seconds",
                             "titip_upstream_last_success_timestamp_seconds",
                             "titip_drain_window",
                             "titip_drain_in_flight",
                             "titip_drain_state",
                             "titip_drain_settled_submissions",
                             "titip_drain_waiting_submissions",
                             "titip_drain_rate_limit_submissions_per_second",
                             "titip_drain_paused",
                             "titip_drain_eta_seconds",
                             "titip_facilities{",
                             "titip_facilities_paused",
                             "titip_facilities_gated",
                             "titip_retries_held_back_total",
                             "titip_upstream_asked_to_wait_until_timestamp_seconds",
                             "titip_deadlines_missed_total",
                             "titip_queue_submissions",
                             "titip_destination_gated",
                             "titip_retention_erased_submissions_total",
                             "titip_retention_erased_bytes_total",
                             "titip_retention_last_pass_timestamp_seconds",
                             "titip_clock_doubted",
                             "titip_admin_actions_total",
                             "titip_queue_bytes",
                             "titip_queue_submissions_by_age",
                             "titip_needs_attention_unseen",
                             "titip_store_bytes",
                             "titip_store_free_bytes",
                             "titip_ledger_difference",
                             "titip_store_commit_duration_seconds_count",
                             "titip_store_commit_batch_submissions_count",
                             "titip_store_errors_total",
                             "titip_writer_queue_submissions",
                             "titip_store_last_patrol_timestamp_seconds",
                             "titip_writer_queue_bytes",
                             "titip_reads_total",
                             "titip_auth_failures_total",
                             "titip_callbacks_total",
                             "titip_callback_attempts_total",
                             "titip_callback_attempt_duration_seconds_count",
                             "titip_callback_limits_met_total",
                             "titip_callbacks_waiting",
                             "titip_callbacks_oldest_accepted_timestamp_seconds",
                             "titip_callbacks_in_flight",
                             "titip_callback_hosts_down",
                             "titip_callback_receivers_gone",
                             "titip_build_info",
                             "process_cpu_seconds_total",
                             "process_resident_memory_bytes",
                             "process_open_fds",
                             "process_max_fds",
                             "process_start_time_seconds"})
    EXPECT_FALSE(lines(exposition, family).empty()) << family;
}

TEST(Catalogue, counters_start_at_zero_and_only_one_upstream_state_is_set) {
  AllProbes probes;
  std::istringstream text(probes.registry.expose());
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with('#')) continue;
    const auto value = line.substr(line.rfind(' ') + 1);
    const bool set = line.starts_with("titip_upstream_state{destination=\"pcare\",state=\"closed\"}");
    EXPECT_EQ(value, set ? "1" : "0") << line;
  }
}

// The label sets that may exist. Whatever the outside can choose must not become a label.
TEST(Catalogue, unknown_words_make_no_new_labels) {
  AllProbes probes;
  const auto before = probes.registry.expose();
  probes.destination.attempted("something new", milliseconds(1));
  probes.destination.probed("something new");
  probes.reads.answered("something new");
  probes.reads.login_refused("something new");
  probes.intake.received("something new", IntakeProbes::Verdict::accepted);
  const auto after = probes.registry.expose();
  const auto count = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  EXPECT_EQ(count(after), count(before));
  EXPECT_THAT(after, Not(HasSubstr("something new")));
}

TEST(Catalogue, requests_are_counted_by_route_method_and_status) {
  AllProbes probes;
  for (int i = 0; i < 3; ++i) probes.http.answered("vaksin/simpan", "POST", 201, milliseconds(20));
  probes.http.refused("two_hosts");
  const auto text = probes.registry.expose();
  EXPECT_THAT(
      text,
      HasSubstr(R"(titip_http_requests_total{code="201",listener="front",method="POST",route="vaksin/simpan"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_http_request_duration_seconds_count{route="vaksin/simpan"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_http_request_duration_seconds_bucket{route="vaksin/simpan",le="0.01"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_http_request_duration_seconds_bucket{route="vaksin/simpan",le="0.025"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_http_refused_total{listener="front",reason="two_hosts"} 1)"));
}

TEST(Catalogue, verdicts_are_counted_by_channel) {
  AllProbes probes;
  probes.intake.received("mount", IntakeProbes::Verdict::accepted);
  probes.intake.received("api", IntakeProbes::Verdict::conflict);
  const auto text = probes.registry.expose();
  EXPECT_THAT(text, HasSubstr(R"(titip_submissions_received_total{channel="mount",outcome="accepted"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_submissions_received_total{channel="api",outcome="conflict"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_submissions_received_total{channel="api",outcome="accepted"} 0)"));
}

TEST(Catalogue, what_clinics_were_told_is_counted) {
  AllProbes probes;
  probes.intake.told(IntakeProbes::Told::relayed, std::chrono::milliseconds(20));
  probes.intake.told(IntakeProbes::Told::relayed, std::chrono::milliseconds(200));
  probes.intake.told(IntakeProbes::Told::crowded, std::chrono::milliseconds(200));
  const auto text = probes.registry.expose();
  EXPECT_THAT(text, HasSubstr(R"(titip_accepted_answers_total{answer="relayed"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_accepted_answers_total{answer="crowded"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_accepted_answers_total{answer="not_wanted"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_relayed_answer_wait_seconds_count 2)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_relayed_answer_wait_seconds_bucket{le="0.025"} 1)"));
}

TEST(Catalogue, attempts_tell_served_from_not_served) {
  AllProbes probes;
  for (const auto* outcome : {"delivered", "rejected", "blocked", "unknown", "deferred", "not_sent"})
    probes.destination.attempted(outcome, milliseconds(5));
  const auto text = probes.registry.expose();
  EXPECT_THAT(text, HasSubstr(R"(titip_attempt_duration_seconds_count{destination="pcare",outcome="served"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_attempt_duration_seconds_count{destination="pcare",outcome="not_served"} 3)"));
  EXPECT_EQ(probes.destination.unknown_outcomes(), 1);
  probes.destination.probed("found");
  probes.destination.probed("not_found");
  EXPECT_EQ(probes.destination.probes(), 2);
}

TEST(Catalogue, the_same_metric_twice_is_one_metric) {
  Registry registry;
  const Definition definition{"test_total", words::text("A test.")};
  const Counter first = registry.counter(definition, {{"a", "b"}});
  const Counter second = registry.counter(definition, {{"a", "b"}});
  first.add(2);
  second.add();
  EXPECT_EQ(first.value(), 3);
  EXPECT_EQ(lines(registry.expose(), "test_total").size(), 1U);
}

// Each column up to its own age and above the one before; the oldest to the minute, and only while there is one.
TEST(Catalogue, what_waits_is_told_by_its_age) {
  AllProbes probes;
  const auto now = std::chrono::sys_time<milliseconds>(std::chrono::minutes(100'000) + std::chrono::seconds(30));
  EXPECT_THAT(probes.registry.expose(), Not(HasSubstr("titip_queue_oldest_accepted_timestamp_seconds{")));
  probes.queue.ages({{98'719, 7}, {98'720, 11}, {99'995, 2}, {99'994, 3}, {100'000, 5}, {100'001, 1}}, now);
  const auto text = probes.registry.expose();
  const auto aged = [&text](std::string_view age, int count) {
    return text.contains("titip_queue_submissions_by_age{age=\"" + std::string(age) + "\",destination=\"pcare\"} " +
                         std::to_string(count) + "\n");
  };
  EXPECT_TRUE(aged("5m", 8)) << "one from a clock that was ahead too";
  EXPECT_TRUE(aged("10m", 3));
  EXPECT_TRUE(aged("20m", 0));
  EXPECT_TRUE(aged("1280m", 11));
  EXPECT_TRUE(aged("+Inf", 7));
  EXPECT_THAT(text, HasSubstr("titip_queue_oldest_accepted_timestamp_seconds{destination=\"pcare\"} 5923140\n"));
  probes.queue.ages({}, now);
  EXPECT_THAT(probes.registry.expose(), Not(HasSubstr("titip_queue_oldest_accepted_timestamp_seconds{")));
  EXPECT_EQ(lines(probes.registry.expose(), "titip_queue_submissions_by_age{").size(), 10U);
}

TEST(Catalogue, causes_of_outages_are_few) {
  AllProbes probes;
  for (const auto* cause : {"http_503", "http_502", "http_404", "connect_refused", "something new"})
    probes.destination.outage_began(cause);
  const auto text = probes.registry.expose();
  EXPECT_THAT(text, HasSubstr(R"(titip_upstream_outages_total{cause="http_5xx",destination="pcare"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_upstream_outages_total{cause="http_4xx",destination="pcare"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_upstream_outages_total{cause="connect_refused",destination="pcare"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_upstream_outages_total{cause="other",destination="pcare"} 1)"));
}

TEST(Catalogue, delivery_is_timed_by_the_door_a_record_came_in_by) {
  AllProbes probes;
  probes.destination.delivered_after("api", milliseconds(900));
  probes.destination.delivered_after("mount", milliseconds(900));
  probes.destination.delivered_after("", milliseconds(90'000));  // of a record from before doors were kept
  const auto text = probes.registry.expose();
  EXPECT_THAT(text, HasSubstr(R"(titip_submission_end_to_end_seconds_count{channel="api",destination="pcare"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(titip_submission_end_to_end_seconds_count{channel="mount",destination="pcare"} 2)"));
}

// The exposition does not escape it.
TEST(Catalogue, a_certificate_that_is_not_there_does_not_end) {
  AllProbes probes;
  const std::string name = "titip_certificate_expiry_timestamp_seconds{";
  EXPECT_TRUE(lines(probes.registry.expose(), name).empty());
  probes.certificates.listener(std::chrono::system_clock::from_time_t(1'800'000'000));
  probes.certificates.client_authorities(std::chrono::system_clock::from_time_t(1'900'000'000));
  EXPECT_THAT(lines(probes.registry.expose(), name),
              testing::UnorderedElementsAre(HasSubstr("{use=\"listener\"} 18000"),
                                            HasSubstr("{use=\"client_authorities\"} 19000")));
  probes.certificates.client_authorities(std::nullopt);
  EXPECT_EQ(lines(probes.registry.expose(), name).size(), 1U);
}

TEST(Catalogue, every_help_is_one_line) {
  AllProbes probes;
  process_metrics(probes.registry);
  std::istringstream text(probes.registry.expose());
  std::size_t helps = 0;
  for (std::string line; std::getline(text, line);) {
    const bool is_sample = line.starts_with("titip_") || line.starts_with("process_");
    EXPECT_TRUE(is_sample || line.starts_with("# HELP ") || line.starts_with("# TYPE ")) << line;
    if (line.starts_with("# HELP ")) ++helps;
  }
  EXPECT_GT(helps, 50U);
}

// {metric: help} of a process that speaks this language.
std::map<std::string, std::string> helps_in(words::Language language) {
  words::speak(language);
  AllProbes probes;
  process_metrics(probes.registry);
  const auto exposed = lines(probes.registry.expose(), "# HELP ");
  words::speak(words::Language::en);
  std::map<std::string, std::string> helps;
  for (const auto& line : exposed) {
    const auto rest = line.substr(7);
    helps.emplace(rest.substr(0, rest.find(' ')), rest.substr(rest.find(' ') + 1));
  }
  return helps;
}

TEST(Catalogue, help_is_in_the_language_of_the_process) {
  const auto english = helps_in(words::Language::en);
  const auto indonesian = helps_in(words::Language::id);
  EXPECT_EQ(english.at("titip_queue_submissions"), "Submissions in custody, by state.");
  EXPECT_EQ(indonesian.at("titip_queue_submissions"), "Kiriman yang tersimpan aman, menurut status.");
  ASSERT_EQ(indonesian.size(), english.size());
  for (const auto& [name, help] : english) EXPECT_NE(indonesian.at(name), help) << name;
}

TEST(Catalogue, fills_run_at_every_exposition) {
  Registry registry;
  const Gauge gauge = registry.gauge({"test_gauge", words::text("A test.")}, {});
  int runs = 0;
  registry.before_exposition([&] { gauge.set(++runs); });
  EXPECT_THAT(registry.expose(), HasSubstr("test_gauge 1"));
  EXPECT_THAT(registry.expose(), HasSubstr("test_gauge 2"));
}

TEST(Catalogue, label_values_are_escaped) {
  Registry registry;
  registry.gauge({"test_gauge", words::text("A test.")}, {{"name", "a\"b\\c\nd"}}).set(1);
  EXPECT_THAT(registry.expose(), HasSubstr(R"(test_gauge{name="a\"b\\c\nd"} 1)"));
}

}  // namespace
}  // namespace titip::metrics
