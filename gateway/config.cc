#include "gateway/config.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "gateway/config_reading.h"
#include "gateway/http/network.h"
#include "gateway/secret.h"
#include "metrics/words/said.h"
#include "upstream/profile/mounts.h"
#include "upstream/scheme/facility_login.h"

namespace titip::gateway {
namespace {

using nlohmann::json;
using R = Reading;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3600 * second;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t gib = 1 << 30;
constexpr std::size_t authorities_bytes = 1U << 20U;

using L = SideListenConfig;
constexpr std::array<Key<L>, 4> side_listen_keys{{
    {"address", words::text("IP address to listen on"), [](const R& r, L& c) { c.address = r.text(); }},
    {"port", words::text("TCP port; 0 takes a free one"),
     [](const R& r, L& c) { c.port = r.integer<std::uint16_t>(0, 65'535); }},
    {"connections", words::text("open connections; more are closed at once"),
     [](const R& r, L& c) { c.connections = r.integer<std::size_t>(1, 100'000); }},
    {"connections_per_address",
     words::text("of these, open from one address (of IPv6: one /64) of another machine; on loopback, and behind a "
                 "proxy, all of them may be"),
     [](const R& r, L& c) { c.connections_per_address = r.integer<std::size_t>(1, 100'000); }},
}};

constexpr std::array<Key<StorageConfig>, 5> storage_keys{{
    {"writer_queue_submissions", words::text("submissions that may wait for the writer; more are refused with 503"),
     [](const R& r, StorageConfig& c) { c.writer_queue_submissions = r.integer<std::uint32_t>(16, 1'000'000); }},
    {"writer_queue_bytes", words::text("their bytes; of outcomes four times as much may wait"),
     [](const R& r, StorageConfig& c) { c.writer_queue_bytes = r.integer<std::uint64_t>(1 << 20, 16 * gib); }},
    {"free_space_floor_bytes", words::text("below this much free disk new submissions are refused with 507"),
     [](const R& r, StorageConfig& c) { c.free_space_floor_bytes = r.integer<std::uint64_t>(0, 1024 * gib); }},
    {"kept_reads_bytes",
     words::text("answers to reads kept on the disk; above it none is added, and the oldest go; 0: none is kept"),
     [](const R& r, StorageConfig& c) { c.kept_reads_bytes = r.integer<std::uint64_t>(0, 1024 * gib); }},
    {"ballast_bytes",
     words::text("kept allocated on the disk, given up when it is nearly full so that a start finds room; 0: none"),
     [](const R& r, StorageConfig& c) { c.ballast_bytes = r.integer<std::uint64_t>(0, 16 * gib); }},
}};

constexpr std::array<Key<RetentionConfig>, 2> retention_keys{{
    {"delivered_days",
     words::text("content of delivered and cancelled records is kept this long; 0: erased once they are settled"),
     [](const R& r, RetentionConfig& c) { c.delivered_days = r.integer<std::uint32_t>(0, 36'500); }},
    {"keys_days", words::text("duplicates are recognised for this long after the settlement"),
     [](const R& r, RetentionConfig& c) { c.keys_days = r.integer<std::uint32_t>(90, 36'500); }},
}};

constexpr std::array<Key<reads::LogInOptions>, 5> log_in_keys{{
    {"maximum_age_ms", words::text("a log-in the server accepted is believed during an outage for this long"),
     [](const R& r, reads::LogInOptions& c) { c.maximum_age = r.milliseconds(second, 365 * day); }},
    {"tries", words::text("log-ins a user may try at one address in one window during an outage"),
     [](const R& r, reads::LogInOptions& c) { c.tries.tries = r.integer<std::uint32_t>(1, 1000); }},
    {"tries_elsewhere",
     words::text("of one user, from all addresses together where that user was not let in since the start"),
     [](const R& r, reads::LogInOptions& c) { c.tries.tries_elsewhere = r.integer<std::uint32_t>(1, 100'000); }},
    {"tries_window_ms", words::text("that window"),
     [](const R& r, reads::LogInOptions& c) { c.tries.window = r.milliseconds(second, day); }},
    {"at_once", words::text("log-ins on their way to a national server at once; more are checked as during an outage"),
     [](const R& r, reads::LogInOptions& c) { c.at_once = r.integer<std::size_t>(1, client::ReadDoor::at_once); }},
}};

using rules::BackoffOptions;
using rules::BreakerOptions;
using rules::ConcurrencyOptions;

constexpr std::array<Key<BreakerOptions>, 7> breaker_keys{{
    {"window_ms", words::text("calls are judged over this time"),
     [](const R& r, BreakerOptions& c) { c.window = r.milliseconds(100, hour); }},
    {"minimum_calls", words::text("calls in the window before it may open"),
     [](const R& r, BreakerOptions& c) { c.minimum_calls = r.integer<std::uint32_t>(1, 1000); }},
    {"minimum_keys", words::text("different people among the calls not served"),
     [](const R& r, BreakerOptions& c) { c.minimum_keys = r.integer<std::uint32_t>(1, 1000); }},
    {"failure_ratio", words::text("share of calls not served that opens it"),
     [](const R& r, BreakerOptions& c) { c.failure_ratio = r.fraction(); }},
    {"open_first_ms", words::text("first pause; doubles"),
     [](const R& r, BreakerOptions& c) { c.open_first = r.milliseconds(10, day); }},
    {"open_max_ms", words::text("longest pause"),
     [](const R& r, BreakerOptions& c) { c.open_max = r.milliseconds(10, day); }},
    {"successes_to_close", words::text("records served in a row that close it"),
     [](const R& r, BreakerOptions& c) { c.successes_to_close = r.integer<std::uint32_t>(1, 100); }},
}};

constexpr std::array<Key<BackoffOptions>, 2> backoff_keys{{
    {"first_ms", words::text("before the first retry at most; doubles, with full jitter"),
     [](const R& r, BackoffOptions& c) { c.first = r.milliseconds(1, day); }},
    {"max_ms", words::text("longest wait"), [](const R& r, BackoffOptions& c) { c.max = r.milliseconds(1, day); }},
}};

constexpr std::array<Key<ConcurrencyOptions>, 3> window_keys{{
    {"rule", words::text("feedback or adaptive: how the number in flight follows what the server bears"),
     [](const R& r, ConcurrencyOptions& c) {
       const auto rule = r.text();
       if (rule != "feedback" && rule != "adaptive")
         return r.fail(words::tell("must be \"{}\" or \"{}\"", "feedback", "adaptive"));
       c.rule = rule == "adaptive" ? ConcurrencyOptions::Rule::adaptive : ConcurrencyOptions::Rule::feedback;
     }},
    {"initial", words::text("records in flight at first and after an outage"),
     [](const R& r, ConcurrencyOptions& c) { c.initial = r.integer<std::uint32_t>(1, 10'000); }},
    {"cap", words::text("records in flight at most"),
     [](const R& r, ConcurrencyOptions& c) { c.cap = r.integer<std::uint32_t>(1, 10'000); }},
}};

using rules::RetryBudgetOptions;
using rules::SurgeOptions;
using rules::TokenBucketOptions;

constexpr std::array<Key<TokenBucketOptions>, 2> pace_keys{{
    {"per_second", words::text("records and questions a second at most; 0: as many as the window lets through"),
     [](const R& r, TokenBucketOptions& c) { c.per_second = r.integer<std::uint32_t>(0, 1'000'000); }},
    {"burst", words::text("so many at once after a pause"),
     [](const R& r, TokenBucketOptions& c) { c.burst = r.integer<std::uint32_t>(1, 1'000'000); }},
}};

constexpr std::array<Key<RetryBudgetOptions>, 2> retry_budget_keys{{
    {"share", words::text("of what is in flight, repetitions are this share at most"),
     [](const R& r, RetryBudgetOptions& c) { c.share = r.fraction(); }},
    {"always", words::text("but so many in any case"),
     [](const R& r, RetryBudgetOptions& c) { c.always = r.integer<std::uint32_t>(1, 10'000); }},
}};

constexpr std::array<Key<SurgeOptions>, 5> surge_keys{{
    {"sample", words::text("a facility's last results that are looked at"),
     [](const R& r, SurgeOptions& c) { c.sample = r.integer<std::uint32_t>(1, 10'000); }},
    {"minimum", words::text("fewer results than these say nothing"),
     [](const R& r, SurgeOptions& c) { c.minimum = r.integer<std::uint32_t>(1, 10'000); }},
    {"share", words::text("over this share of them rejected, the facility is gated"),
     [](const R& r, SurgeOptions& c) { c.share = r.fraction(); }},
    {"normal", words::text("a facility that usually has more than this share rejected is not gated"),
     [](const R& r, SurgeOptions& c) { c.normal = r.fraction(); }},
    {"facilities", words::text("so many facilities at once gate the destination"),
     [](const R& r, SurgeOptions& c) { c.facilities = r.integer<std::uint32_t>(1, 100'000); }},
}};

using D = DestinationConfig;
constexpr std::array<Key<D>, 27> destination_keys{{
    {"name", words::text("what this destination is called"),
     [](const R& r, D& c) {
       c.name = r.text();
       // A slash would make DESTINATION/FACILITY ambiguous.
       if (!r.failed() && !scheme::is_facility_code(c.name))
         r.fail(words::tell("must be 1 to 32 letters, digits, dots, dashes and underscores"));
     }},
    {"profile", words::text("a built-in profile's name, or the path of a profile file"),
     [](const R& r, D& c) { c.profile = r.text(); }},
    {"mount", words::text("where clinics find it, in place of the profile's own: \"/pcare-rest\""),
     [](const R& r, D& c) {
       c.mount = r.text();
       if (r.failed()) return;
       if (const auto complaint = profile::mount_complaint(c.mount))
         r.fail(fmt::format("'{}' {}", c.mount, *complaint));
     }},
    {"base_url", words::text("where the national service is"),
     [](const R& r, D& c) {
       c.base_url = r.text();
       auto base = client::parse_base_url(c.base_url);
       if (!base) return r.fail(base.error());
       c.transport.base = std::move(*base);
     }},
    {"ca_file", words::text("certificates (PEM) to trust beside the system's, where it is https"),
     [](const R& r, D& c) { c.ca_file = r.text(); }},
    {"proxy", words::text("the HTTP proxy through which it is reached (CONNECT); without it, straight"), read_proxy},
    {"resolve_timeout_ms", words::text("finding its address"),
     [](const R& r, D& c) { c.transport.resolve_timeout = r.milliseconds(1, hour); }},
    {"connect_timeout_ms", words::text("connecting"),
     [](const R& r, D& c) { c.transport.connect_timeout = r.milliseconds(1, hour); }},
    {"write_timeout_ms", words::text("sending a request"),
     [](const R& r, D& c) { c.transport.write_timeout = r.milliseconds(1, hour); }},
    {"response_timeout_ms", words::text("from the request's last byte to the reply's"),
     [](const R& r, D& c) { c.transport.response_timeout = r.milliseconds(1, hour); }},
    {"idle_connection_ms", words::text("a pooled connection is not used after"),
     [](const R& r, D& c) { c.transport.idle_connection = r.milliseconds(1, hour); }},
    {"reply_bytes", words::text("largest reply"),
     [](const R& r, D& c) { c.transport.reply_bytes = r.integer<std::size_t>(1024, 256 << 20); }},
    {"late_apply_wait_ms", words::text("how long the service may take to apply what it did not answer"),
     [](const R& r, D& c) { c.settle.late_apply_wait = r.milliseconds(0, day); }},
    {"maximum_unknown_age_ms", words::text("an outcome unknown for longer is held for a person"),
     [](const R& r, D& c) { c.settle.maximum_unknown_age = r.milliseconds(second, 365 * day); }},
    {"maximum_age_ms",
     words::text(
         "a record put off for longer expires; counted only while it could have been sent, and not before it was tried "
         "five "
         "times"),
     [](const R& r, D& c) { c.settle.maximum_age.age = r.milliseconds(60 * second, 365 * day); }},
    {"breaker", words::text("the circuit breaker"),
     [](const R& r, D& c) { read_object<BreakerOptions>(r, breaker_keys, c.upstream.breaker); }},
    {"backoff", words::text("waits of a deferred record"),
     [](const R& r, D& c) { read_object<BackoffOptions>(r, backoff_keys, c.settle.backoff); }},
    {"window", words::text("records in flight"),
     [](const R& r, D& c) { read_object<ConcurrencyOptions>(r, window_keys, c.upstream.window); }},
    {"pace", words::text("sends a second"),
     [](const R& r, D& c) { read_object<TokenBucketOptions>(r, pace_keys, c.permits.pace); }},
    {"fresh_share",
     words::text("while there is a queue, fresh records have this share of the sends; the backlog has the rest"),
     [](const R& r, D& c) {
       c.permits.shares.fresh = r.fraction();
       if (c.permits.shares.fresh > 0.9) r.fail(words::tell("must leave the backlog a tenth at least: 0.9 or less"));
     }},
    {"fresh_age_ms", words::text("a record is fresh for so long after it was accepted"),
     [](const R& r, D& c) { c.fresh_age = r.milliseconds(second, 30 * day); }},
    {"deadline_share",
     words::text("of all sends, records whose deadline is near have this share at most while others wait"),
     [](const R& r, D& c) { c.permits.shares.deadline_at_most = r.fraction(); }},
    {"deadline_near_ms", words::text("a deadline that is nearer than this makes its record go first"),
     [](const R& r, D& c) { c.deadline_near = r.milliseconds(60 * second, 7 * day); }},
    {"retry_budget", words::text("how much of what is in flight may be repetition"),
     [](const R& r, D& c) { read_object<RetryBudgetOptions>(r, retry_budget_keys, c.permits.retries); }},
    {"surge", words::text("a surge of rejections shuts a gate"),
     [](const R& r, D& c) { read_object<SurgeOptions>(r, surge_keys, c.surge); }},
    {"login_pause_ms", words::text("after refused credentials; doubles"),
     [](const R& r, D& c) { c.login.pause_first = r.milliseconds(second, day); }},
    {"login_pause_max_ms", words::text("longest pause after refused credentials"),
     [](const R& r, D& c) { c.login.pause_max = r.milliseconds(second, 7 * day); }},
}};

void read_authorities(const R& at, const std::filesystem::path& path, client::TransportOptions& transport) {
  auto text = read_public_file(path, authorities_bytes);
  if (!text) return at.fail(text.error());
  if (const auto fault = client::authorities_complaint(*text); !fault.empty())
    return at.fail(fmt::format("{}: {}", path.string(), fault));
  transport.authorities = std::move(*text);
}

void read_destinations(const R& r, Config& config) {
  if (DestinationConfig none; r.describes()) return read_object<D>(r.each(), destination_keys, none);
  if (!r.value().is_array() || r.value().empty())
    return r.fail(words::tell("must be a list with at least one destination"));
  for (std::size_t at = 0; at < r.value().size() && !r.failed(); ++at) {
    DestinationConfig destination;
    read_object<D>(r.at(at), destination_keys, destination);
    if (!r.failed() && destination.profile.empty()) r.at(at).fail(words::tell("needs a \"{}\"", "profile"));
    const auto& [sample, minimum, share, normal, facilities, known] = destination.surge;
    if (!r.failed() && minimum > sample)
      r.at(at).at("surge").fail(
          words::tell("\"minimum\" ({}) is above \"sample\" ({}): no surge would ever be noticed", minimum, sample));
    if (!r.failed() && destination.base_url.empty()) r.at(at).fail(words::tell("needs a \"{}\"", "base_url"));
    if (!r.failed() && !destination.ca_file.empty())
      read_authorities(r.at(at).at("ca_file"), config.directory / destination.ca_file, destination.transport);
    if (!r.failed() && !destination.proxy.credentials_file.empty())
      read_proxy_credentials(r.at(at).at("proxy").at("credentials_file"), config.directory, destination);
    config.destinations.push_back(std::move(destination));
  }
}

metrics::Level log_level(const R& r) {
  const auto name = r.text();
  if (name == "debug") return metrics::Level::debug;
  if (name == "info") return metrics::Level::info;
  if (name == "warning") return metrics::Level::warning;
  if (name == "error") return metrics::Level::error;
  r.fail(words::tell("must be debug, info, warning or error"));
  return metrics::Level::info;
}

constexpr std::array<Key<Config>, 14> config_keys{{
    {"data_directory", words::text("where everything in custody lies"),
     [](const R& r, Config& c) { c.data_directory = c.directory / r.text(); }},
    {"key_file", words::text("the key that seals it; made at first start, mode 0600"),
     [](const R& r, Config& c) { c.key_file = c.directory / r.text(); }},
    {"log_level", words::text("debug, info, warning or error"),
     [](const R& r, Config& c) { c.log_level = log_level(r); }},
    {"time_zone", words::text("WIB, WITA or WIT: times that people read"),
     [](const R& r, Config& c) { c.utc_offset = read_zone(r); }},
    {"stop_grace_ms", words::text("an orderly stop waits this long for what is in flight"),
     [](const R& r, Config& c) { c.stop_grace = r.milliseconds(0, hour); }},
    {"front", words::text("the listener clinics use"), read_front},
    {"operations", words::text("the listener for metrics and health"),
     [](const R& r, Config& c) { read_side_listen(r, c.operations); }},
    {"admin", words::text("the admin API, for operators; served only while there are tokens (titip admin token add)"),
     read_admin},
    {"storage", words::text("limits of the store"),
     [](const R& r, Config& c) { read_object<StorageConfig>(r, storage_keys, c.storage); }},
    {"retention", words::text("how long what is settled is kept"),
     [](const R& r, Config& c) { read_object<RetentionConfig>(r, retention_keys, c.retention); }},
    {"log_in", words::text("log-ins: at once, and during an outage"),
     [](const R& r, Config& c) { read_object<reads::LogInOptions>(r, log_in_keys, c.log_in); }},
    {"callbacks", words::text("how facilities are told what became of theirs"), read_callbacks},
    {"destinations", words::text("the national services"), read_destinations},
    {"facilities", words::text("the facilities that may submit"), read_facilities},
}};

}  // namespace

void read_side_listen(const R& r, SideListenConfig& listen) {
  read_object<SideListenConfig>(r, side_listen_keys, listen);
}

void SideListenConfig::limit(http::ServerOptions& options, bool stands_for_many) const {
  options.connections = connections;
  const bool is_shared = stands_for_many || http::is_loopback(address);
  options.connections_per_address = is_shared ? connections : connections_per_address;
}

std::vector<ConfigKey> config_reference() {
  std::vector<ConfigKey> keys;
  std::optional<ConfigError> none;
  Config config;
  read_object<Config>(Reading("", none, keys), config_keys, config);
  return keys;
}

std::expected<Config, ConfigError> load_config(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return std::unexpected(ConfigError{"", words::tell("cannot be read: {}", std::strerror(errno))});
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  auto config = parse_config(text, std::filesystem::absolute(file).parent_path());
  if (config) config->file = std::filesystem::absolute(file);
  return config;
}

std::expected<Config, ConfigError> parse_config(std::string_view text, const std::filesystem::path& directory) {
  json document;
  try {
    document = json::parse(text, nullptr, true, true);
  } catch (const json::exception& error) {  // a number too large is no parse_error
    return std::unexpected(ConfigError{"", words::tell("is not JSON: {}", error.what())});
  }
  Config config;
  config.directory = directory;
  config.document = document.dump(-1, ' ', false, json::error_handler_t::replace);
  std::optional<ConfigError> mistake;
  const Reading reading(document, "", mistake);
  read_object<Config>(reading, config_keys, config);
  if (!mistake && config.data_directory.empty()) reading.fail(words::tell("needs a \"{}\"", "data_directory"));
  if (!mistake && config.destinations.empty()) reading.fail(words::tell("needs \"{}\"", "destinations"));
  if (mistake) return std::unexpected(std::move(*mistake));
  if (config.key_file.empty()) config.key_file = config.data_directory / "titip.key";
  return config;
}

}  // namespace titip::gateway
