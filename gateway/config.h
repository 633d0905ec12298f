// The configuration: one JSON file (comments allowed). Every key stands in one table with its bounds and its meaning;
// unknown keys are errors; a mistake is named by its JSON pointer and a sentence that says what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/delivery/callbacks.h"
#include "gateway/delivery/dispatcher.h"
#include "gateway/front/admission.h"
#include "gateway/front/cors.h"
#include "gateway/front/facility_rates.h"
#include "gateway/front/log_in_paces.h"
#include "gateway/http/server.h"
#include "gateway/reads/log_in.h"
#include "metrics/log.h"
#include "storage/facilities.h"
#include "upstream/client/callback_transport.h"
#include "upstream/client/http_transport.h"
#include "upstream/client/upstream.h"

namespace titip::gateway {

struct ListenConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

// A listener that few use: operators, Prometheus, a load balancer that asks whether we live.
struct SideListenConfig : ListenConfig {
  std::size_t connections = 256;
  std::size_t connections_per_address = 32;  // of another machine; this one's programs share all of them

  // `stands_for_many`: everybody comes from a proxy's address.
  void limit(http::ServerOptions& options, bool stands_for_many) const;
};

struct FrontConfig {
  ListenConfig listen{"127.0.0.1", 8480};
  std::uint32_t loops = 1;
  std::chrono::milliseconds answer_within{2'500};
  std::chrono::milliseconds reads_within{1'800};
  std::uint64_t cache_bytes = 16U << 20U;  // of each loop and destination
  std::size_t waiting_answers = 1'000;
  http::ServerOptions limits;
  std::optional<http::TlsMaterial> tls;  // none: plain HTTP
  bool plain_http = false;               // so it may be, though other machines reach it
  std::optional<front::AdmissionOptions> admission;
  std::shared_ptr<const front::CorsOptions> cors;  // none: no page of others reads anything
  front::RateOptions facility_rate;
  front::LogInPaceOptions log_ins;
  std::uint64_t facility_pending = 100'000;  // 0: any number
};

struct StorageConfig {
  std::uint32_t writer_queue_submissions = 16384;
  std::uint64_t writer_queue_bytes = 64U << 20U;
  std::uint64_t free_space_floor_bytes = 512U << 20U;
  std::uint64_t ballast_bytes = 128U << 20U;
  std::uint64_t kept_reads_bytes = 1U << 30U;
};

struct RetentionConfig {
  std::uint32_t delivered_days = 90;
  std::uint32_t keys_days = 90;
};

struct ProxyConfig {
  std::string url;  // empty: the destination is reached straight
  std::filesystem::path credentials_file;
};

struct DestinationConfig {
  std::string name;     // default: the profile's
  std::string profile;  // the name of one that is built in, or a path relative to the config file
  std::string mount;    // where clinics find it; empty: where the profile says
  std::string base_url;
  std::filesystem::path ca_file;
  ProxyConfig proxy;
  client::TransportOptions transport;
  client::UpstreamOptions upstream;
  delivery::SettlePolicy settle;
  delivery::LoginOptions login;
  delivery::PermitOptions permits;
  rules::SurgeOptions surge;
  std::chrono::milliseconds fresh_age = delivery::DispatcherOptions{}.fresh_age;
  std::chrono::milliseconds deadline_near = delivery::DispatcherOptions{}.deadline_near;
};

// The admin API: it listens only while there are tokens.
struct AdminConfig {
  SideListenConfig listen{{"127.0.0.1", 9580}};
  std::optional<http::TlsMaterial> tls;  // none: plain HTTP
  bool behind_proxy = false;
  bool edit_needs_approval = false;
};

struct CallbackConfig {
  delivery::CallbacksOptions options;
  client::CallbackTransportOptions transport;
};

struct Config {
  std::filesystem::path file;       // read again by a reload; empty: none
  std::string document;             // what stood in it, without comments; it names secrets' files, never a secret
  std::filesystem::path directory;  // of the config file: relative paths start here
  std::filesystem::path data_directory;
  std::filesystem::path key_file;  // default: titip.key in the data directory
  metrics::Level log_level = metrics::Level::info;
  std::chrono::minutes utc_offset{7 * 60};  // of the times people read
  std::chrono::milliseconds stop_grace{10'000};
  FrontConfig front;
  SideListenConfig operations{{"127.0.0.1", 9480}};
  AdminConfig admin;
  StorageConfig storage;
  RetentionConfig retention;
  reads::LogInOptions log_in;
  CallbackConfig callbacks;
  std::vector<DestinationConfig> destinations;
  std::vector<storage::Facility> facilities;
};

struct ConfigError {
  std::string pointer;
  std::string sentence;
};

// One key as the tables have it: where it stands (`*`: in each member of a list), what it takes, what it means.
struct ConfigKey {
  std::string pointer;
  std::string kind;
  std::string meaning;
};
// All of them, in the order of the tables that load_config reads by.
std::vector<ConfigKey> config_reference();

// Reads the file and every secret it names (files that group or others may read are refused).
std::expected<Config, ConfigError> load_config(const std::filesystem::path& file);

// The same of its text; paths in it start at `directory`.
std::expected<Config, ConfigError> parse_config(std::string_view text, const std::filesystem::path& directory);

}  // namespace titip::gateway
