#include "metrics/catalogue.h"

#include <algorithm>
#include <initializer_list>
#include <ranges>

#include "metrics/words/said.h"

namespace titip::metrics {
namespace {

// --- the catalogue ---------------------------------------------------------------------------------------------------
constexpr Definition http_requests{"titip_http_requests_total",
                                   words::text("HTTP requests answered, by listener, route and status.")};
constexpr Definition http_duration{"titip_http_request_duration_seconds",
                                   words::text("From the complete header to the answer.")};
constexpr Definition http_refused{
    "titip_http_refused_total",
    words::text("Connections or requests refused before a route was known, or closed by a deadline.")};
constexpr Definition http_connections{"titip_http_connections", words::text("Open connections.")};
constexpr Definition http_in_flight{"titip_http_in_flight_bytes", words::text("Bodies and answers in memory.")};
constexpr Definition http_addresses{"titip_http_addresses", words::text("Addresses that have a connection.")};
constexpr Definition kept_reads{"titip_kept_reads_bytes", words::text("Answers to reads kept on the disk.")};
constexpr Definition received{"titip_submissions_received_total",
                              words::text("Submissions that clinics sent, by what they were answered.")};
constexpr Definition told{
    "titip_accepted_answers_total",
    words::text("What clinics were told of accepted submissions: the national answer, or why it was not.")};
constexpr Definition relayed_after{"titip_relayed_answer_wait_seconds",
                                   words::text("From the request to the national answer, of those that were relayed.")};
constexpr Definition attempts{"titip_attempts_total", words::text("Attempts to deliver, by outcome.")};
constexpr Definition attempt_duration{"titip_attempt_duration_seconds",
                                      words::text("From sending to the classified reply.")};
constexpr Definition probes{"titip_probes_total",
                            words::text("Reads that ask whether an unknown attempt landed, by result.")};
constexpr Definition upstream_state{"titip_upstream_state", words::text("1 for the state the circuit breaker is in.")};
constexpr Definition end_to_end{"titip_submission_end_to_end_seconds", words::text("From acceptance to delivery.")};
constexpr Definition outages{"titip_upstream_outages_total",
                             words::text("Times the circuit breaker opened from closed, by cause.")};
constexpr Definition outage_seconds{"titip_upstream_outage_seconds_total", words::text("Time spent in ended outages.")};
constexpr Definition outage_started{"titip_upstream_outage_started_timestamp_seconds",
                                    words::text("Start of the outage that is on, 0 if none is.")};
constexpr Definition last_success{"titip_upstream_last_success_timestamp_seconds",
                                  words::text("Last reply of the destination as itself, 0 before the first.")};
constexpr Definition window{"titip_drain_window", words::text("Records that may be in flight at once.")};
constexpr Definition in_flight{"titip_drain_in_flight", words::text("Records and probes in flight.")};
constexpr Definition drain_state{"titip_drain_state",
                                 words::text("1 for the state the drain is in, 0 for all without a drain.")};
constexpr Definition drain_settled{"titip_drain_settled_submissions",
                                   words::text("Records of its backlog the drain has settled.")};
constexpr Definition drain_waiting{"titip_drain_waiting_submissions",
                                   words::text("Records of its backlog that still wait.")};
constexpr Definition drain_rate{"titip_drain_rate_limit_submissions_per_second",
                                words::text("The drain's pace, 0 if it has none.")};
constexpr Definition drain_paused{"titip_drain_paused",
                                  words::text("1 while the drain is paused or has stopped by itself.")};
constexpr Definition drain_eta{"titip_drain_eta_seconds",
                               words::text("Until the drain is done; 0 while nobody can know.")};
constexpr Definition facilities{"titip_facilities", words::text("Facilities of config and registry, by state.")};
constexpr Definition paused{"titip_facilities_paused",
                            words::text("Facilities whose credentials the destination refuses.")};
constexpr Definition facilities_gated{
    "titip_facilities_gated", words::text("Facilities behind a gate: by a person, or for a surge of rejections.")};
constexpr Definition asked_to_wait{
    "titip_upstream_asked_to_wait_until_timestamp_seconds",
    words::text("Until when the server asked to be left alone (Retry-After), 0 if it did not.")};
constexpr Definition deadlines_missed{"titip_deadlines_missed_total",
                                      words::text("Records that were still pending when their deadline passed.")};
constexpr Definition held_back{"titip_retries_held_back_total",
                               words::text("Looks at due repetitions that the retry budget did not let through.")};
constexpr Definition clock_offset{
    "titip_clock_offset_seconds",
    words::text("Our clock less the server's, by its Date header (to a second); absent without one.")};
constexpr Definition store_bytes{"titip_store_bytes",
                                 words::text("What the store takes of its disk, by kind of file.")};
constexpr Definition store_free{"titip_store_free_bytes", words::text("Free on the disk of the store.")};
constexpr Definition commit_duration{"titip_store_commit_duration_seconds",
                                     words::text("One group commit, fsync included.")};
constexpr Definition commit_batch{"titip_store_commit_batch_submissions", words::text("Calls that shared one commit.")};
constexpr Definition store_errors{"titip_store_errors_total", words::text("Errors of the store, by kind.")};
constexpr Definition writer_queue{"titip_writer_queue_submissions", words::text("Calls that wait for the writer.")};
constexpr Definition writer_queue_bytes{"titip_writer_queue_bytes", words::text("Bytes those calls carry.")};
constexpr Definition reads{"titip_reads_total", words::text("Reads and log-ins answered, by source.")};
constexpr Definition auth_failures{"titip_auth_failures_total",
                                   words::text("Log-ins refused by the verifier, by reason.")};
constexpr Definition retention_records{"titip_retention_erased_submissions_total",
                                       words::text("Records whose content was erased because it was old enough.")};
constexpr Definition retention_bytes{"titip_retention_erased_bytes_total",
                                     words::text("Bytes of what retention erased.")};
constexpr Definition retention_pass{"titip_retention_last_pass_timestamp_seconds",
                                    words::text("End of the last whole pass over the store, 0 before the first.")};
constexpr Definition patrol{"titip_store_last_patrol_timestamp_seconds",
                            words::text("End of the last whole comparison of records and counts, 0 before the first.")};
constexpr Definition clock_doubt{"titip_clock_doubted",
                                 words::text("1 while the clock is doubted and nothing is erased for its age.")};
constexpr Definition admin_actions{"titip_admin_actions_total", words::text("What operators had done, by action.")};

const std::vector<double> latency_buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const std::vector<double> batch_buckets{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
const std::vector<double> end_to_end_buckets{1,    5,        30,        60,    300,       900,
                                             3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400};

constexpr std::array channels{"mount", "api"};
constexpr std::array causes{
    "resolve_failed",    "resolve_timeout",   "connect_refused", "connect_failed",     "connect_timeout",
    "tls_failed",        "write_failed",      "write_timeout",   "response_timeout",   "connection_reset",
    "reply_too_large",   "reply_malformed",   "http_5xx",        "http_4xx",           "other",
    "proxy_unreachable", "proxy_credentials", "proxy_refused",   "proxy_cannot_reach", "proxy_timeout",
    "proxy_malformed"};
constexpr std::array file_kinds{"tables", "blobs", "logs", "ballast", "other"};
constexpr std::array verdicts{"accepted", "replayed",   "conflict", "invalid",   "throttled",
                              "refused",  "overloaded", "too_late", "over_quota"};
constexpr std::array tellings{"relayed", "settled", "timed_out", "not_wanted", "down",
                              "gated",   "behind",  "backlog",   "crowded"};

// As gateway/admin names its commands.
constexpr std::string_view operators_actions =
    "status,resume,backup,verify,keys rotate,erase,export,retain,pause,drain,drain pause,drain resume,"
    "drain status,drain cancel,outages,facility add,facility import,facility ls,facility rotate,"
    "facility disable,facility enable,queue ls,queue show,queue shape,hold,release,requeue,cancel,edit,"
    "bulk status,bulk resume,bulk stop,audit verify,audit ls,edit proposals,edit approve,edit withdraw,admin token "
    "add,admin token ls,admin token revoke";

template <class Make>
auto children(std::initializer_list<const char*> names, Make make) {
  std::map<std::string, decltype(make(std::string{})), std::less<>> made;
  for (const char* each : names) made.emplace(each, make(each));
  return made;
}

template <class Map>
auto find(const Map& map, std::string_view name, std::string_view otherwise) {
  const auto found = map.find(name);
  return found != map.end() ? found->second : map.find(otherwise)->second;
}

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

HttpProbes::HttpProbes(Registry& registry, std::string listener)
    : connections(registry.gauge(http_connections, {{"listener", listener}})),
      in_flight_bytes(registry.gauge(http_in_flight, {{"listener", listener}})),
      addresses(registry.gauge(http_addresses, {{"listener", listener}})),
      registry_(registry),
      listener_(std::move(listener)) {
  // A family without children is not exposed.
  child("other", "GET", 404);
  for (const char* limit :
       {"timeout", "body_too_slow", "too_many_connections", "too_many_from_address", "too_many_bytes",
        "too_many_bytes_from_address", "answer_not_taken", "idle", "facility_rate", "log_in_rate"})
    refusal(limit);
}

void HttpProbes::answered(std::string_view route, std::string_view method, int status,
                          std::chrono::nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  const auto& counted = child(route, method, status);
  counted.requests.add();
  counted.duration.observe(seconds(duration));
}

const HttpProbes::Child& HttpProbes::child(std::string_view route, std::string_view method, int status) {
  const auto key = std::tuple<std::string_view, std::string_view, int>(route, method, status);
  auto found = children_.find(key);
  if (found == children_.end()) {
    const Labels labels{{"listener", listener_},
                        {"route", std::string(route)},
                        {"method", std::string(method)},
                        {"code", std::to_string(status)}};
    const Child made{registry_.counter(http_requests, labels),
                     registry_.histogram(http_duration, {{"route", std::string(route)}}, latency_buckets)};
    found = children_.emplace(std::tuple{std::string(route), std::string(method), status}, made).first;
  }
  return found->second;
}

void HttpProbes::refused(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  refusal(reason).add();
}

const Counter& HttpProbes::refusal(std::string_view reason) {
  auto found = refusals_.find(reason);
  if (found == refusals_.end()) {
    found = refusals_
                .emplace(std::string(reason),
                         registry_.counter(http_refused, {{"listener", listener_}, {"reason", std::string(reason)}}))
                .first;
  }
  return found->second;
}

IntakeProbes::IntakeProbes(Registry& registry)
    : received_([&registry]<std::size_t... C>(std::index_sequence<C...>) {
        return std::array{[&registry]<std::size_t... V>(const char* channel, std::index_sequence<V...>) {
          return std::array{registry.counter(metrics::received, {{"channel", channel}, {"outcome", verdicts[V]}})...};
        }(channels[C], std::make_index_sequence<verdicts.size()>())...};
      }(std::make_index_sequence<channels.size()>())),
      told_([&registry]<std::size_t... T>(std::index_sequence<T...>) {
        return std::array{registry.counter(metrics::told, {{"answer", tellings[T]}})...};
      }(std::make_index_sequence<tellings.size()>())),
      relayed_after_(registry.histogram(relayed_after, {}, latency_buckets)) {}

void IntakeProbes::received(std::string_view channel, Verdict verdict) const {
  received_[channel == channels[0] ? 0 : 1][static_cast<std::size_t>(verdict)].add();
}

void IntakeProbes::told(Told told, std::chrono::nanoseconds waited) const {
  told_[static_cast<std::size_t>(told)].add();
  if (told == Told::relayed) relayed_after_.observe(seconds(waited));
}

DestinationProbes::DestinationProbes(Registry& registry, const std::string& destination)
    : outage_seconds(registry.counter(metrics::outage_seconds, {{"destination", destination}})),
      outage_started(registry.gauge(metrics::outage_started, {{"destination", destination}})),
      last_success(registry.gauge(metrics::last_success, {{"destination", destination}})),
      window(registry.gauge(metrics::window, {{"destination", destination}})),
      in_flight(registry.gauge(metrics::in_flight, {{"destination", destination}})),
      facilities_paused(registry.gauge(paused, {{"destination", destination}})),
      facilities_gated(registry.gauge(metrics::facilities_gated, {{"destination", destination}})),
      asked_to_wait_until(registry.gauge(asked_to_wait, {{"destination", destination}})),
      deadlines_missed(registry.counter(metrics::deadlines_missed, {{"destination", destination}})),
      retries_held_back(registry.counter(held_back, {{"destination", destination}})),
      drain_settled_(registry.gauge(metrics::drain_settled, {{"destination", destination}})),
      drain_waiting_(registry.gauge(metrics::drain_waiting, {{"destination", destination}})),
      drain_rate_(registry.gauge(metrics::drain_rate, {{"destination", destination}})),
      drain_paused_(registry.gauge(metrics::drain_paused, {{"destination", destination}})),
      drain_eta_(registry.gauge(metrics::drain_eta, {{"destination", destination}})),
      clock_offset_(registry.optional_gauge(clock_offset, {{"destination", destination}})) {
  const auto labelled = [&destination](const char* label) {
    return [label, &destination](const std::string& value) {
      return Labels{{"destination", destination}, {label, value}};
    };
  };
  const auto outcome = labelled("outcome");
  attempts_ = children({"delivered", "deferred", "rejected", "unknown", "blocked", "credentials_refused", "not_sent"},
                       [&](const std::string& n) { return registry.counter(attempts, outcome(n)); });
  durations_ = children({"served", "not_served"}, [&](const std::string& n) {
    return registry.histogram(attempt_duration, outcome(n), latency_buckets);
  });
  const auto result = labelled("result");
  probes_ = children({"found", "found_other", "not_found", "inconclusive"},
                     [&](const std::string& n) { return registry.counter(metrics::probes, result(n)); });
  const auto state = labelled("state");
  states_ = children({"closed", "half_open", "open"},
                     [&](const std::string& n) { return registry.gauge(metrics::upstream_state, state(n)); });
  upstream_state("closed");
  for (const char* cause : causes) outages_.emplace(cause, registry.counter(outages, labelled("cause")(cause)));
  for (const char* channel : channels)
    end_to_end_.emplace(channel, registry.histogram(end_to_end, labelled("channel")(channel), end_to_end_buckets));
  drain_states_ = children({"canary", "running", "paused", "aborted", "done"},
                           [&](const std::string& n) { return registry.gauge(metrics::drain_state, state(n)); });
}

void DestinationProbes::attempted(std::string_view outcome, std::chrono::nanoseconds duration) const {
  find(attempts_, outcome, "unknown").add();
  const bool served = outcome == "delivered" || outcome == "rejected" || outcome == "blocked";
  find(durations_, served ? "served" : "not_served", "not_served").observe(seconds(duration));
}

void DestinationProbes::probed(std::string_view result) const {
  find(probes_, result, "inconclusive").add();
}

void DestinationProbes::upstream_state(std::string_view state) const {
  const std::string_view ours = state == "half-open" ? "half_open" : state;  // as a label, of one word
  for (const auto& [name, gauge] : states_) gauge.set(name == ours ? 1 : 0);
}

void DestinationProbes::drain_stands(const DrainNumbers& numbers) const {
  for (const auto& [name, gauge] : drain_states_) gauge.set(name == numbers.state ? 1 : 0);
  drain_settled_.set(static_cast<double>(numbers.settled));
  drain_waiting_.set(static_cast<double>(numbers.waiting));
  drain_rate_.set(numbers.per_second);
  drain_paused_.set(numbers.paused ? 1 : 0);
  drain_eta_.set(static_cast<double>(numbers.eta.count()));
}

void DestinationProbes::delivered_after(std::string_view channel, std::chrono::milliseconds since_accepted) const {
  find(end_to_end_, channel, channels[0]).observe(seconds(since_accepted));
}

void DestinationProbes::outage_began(std::string_view cause) const {
  const auto bounded = cause.starts_with("http_5") ? "http_5xx" : cause.starts_with("http_4") ? "http_4xx" : cause;
  find(outages_, bounded, "other").add();
}

void DestinationProbes::clock_differs_by(std::chrono::milliseconds offset) {
  clock_offset_.set(seconds(offset));
}

double DestinationProbes::unknown_outcomes() const {
  return find(attempts_, "unknown", "unknown").value();
}

double DestinationProbes::probes() const {
  double sum = 0;
  for (const auto& [name, counter] : probes_) sum += counter.value();
  return sum;
}

CommitProbes::CommitProbes(Registry& registry)
    : writer_queue(registry.gauge(metrics::writer_queue, {})),
      writer_queue_bytes(registry.gauge(metrics::writer_queue_bytes, {})),
      last_patrol(registry.gauge(patrol, {})),
      free_bytes(registry.gauge(store_free, {})),
      registry_(registry),
      duration_(registry.histogram(commit_duration, {}, latency_buckets)),
      batch_(registry.histogram(commit_batch, {}, batch_buckets)) {
  for (const char* kind : {"write", "corrupt_record", "disk_full", "overloaded", "too_late", "reclaim", "checkpoint",
                           "passed_over", "patrol"})
    registry.counter(store_errors, {{"kind", kind}});
  for (const char* kind : file_kinds) bytes_.push_back(registry.gauge(store_bytes, {{"kind", kind}}));
}

void CommitProbes::takes(std::span<const std::uint64_t> bytes_by_kind) {
  for (std::size_t at = 0; at < std::min(bytes_.size(), bytes_by_kind.size()); ++at)
    bytes_[at].set(static_cast<double>(bytes_by_kind[at]));
}

void CommitProbes::committed(std::chrono::nanoseconds duration, std::size_t calls) {
  duration_.observe(seconds(duration));
  batch_.observe(static_cast<double>(calls));
}

void CommitProbes::failed(std::string_view kind) {
  registry_.counter(store_errors, {{"kind", std::string(kind)}}).add();
}

ReadProbes::ReadProbes(Registry& registry)
    : kept_bytes(registry.gauge(kept_reads, {})),
      reads_(children({"upstream", "fresh", "stale", "custody", "verifier", "unavailable"},
                      [&](const std::string& n) { return registry.counter(reads, {{"source", n}}); })),
      refusals_(children({"unknown_user", "wrong_password", "too_old", "throttled", "crowded"},
                         [&](const std::string& n) { return registry.counter(auth_failures, {{"reason", n}}); })) {}

void ReadProbes::answered(std::string_view source) const {
  find(reads_, source, "upstream").add();
}
void ReadProbes::login_refused(std::string_view reason) const {
  find(refusals_, reason, "unknown_user").add();
}

RetentionProbes::RetentionProbes(Registry& registry)
    : records(registry.counter(retention_records, {})),
      bytes(registry.counter(retention_bytes, {})),
      last_pass(registry.gauge(retention_pass, {})),
      clock_doubted(registry.gauge(clock_doubt, {})) {}

AdminProbes::AdminProbes(Registry& registry) {
  for (const auto part : std::views::split(operators_actions, ',')) {
    const std::string each(part.begin(), part.end());
    actions_.emplace(each, registry.counter(admin_actions, {{"action", each}}));
  }
}

void AdminProbes::acted(std::string_view action) const {
  find(actions_, action, "status").add();
}

FacilityProbes::FacilityProbes(Registry& registry)
    : enabled(registry.gauge(facilities, {{"state", "enabled"}})),
      disabled(registry.gauge(facilities, {{"state", "disabled"}})) {}

}  // namespace titip::metrics
