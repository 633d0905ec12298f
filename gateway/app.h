// The gateway's parts and how they hang together. Private to the root; one file opens it, one runs it and takes it
// down, one says what others may see of it.
#pragma once

#include <atomic>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/control_socket.h"
#include "gateway/admin/desk.h"
#include "gateway/admin/retention.h"
#include "gateway/admin/tokens.h"
#include "gateway/admin_api/door.h"
#include "gateway/callback_delivery.h"
#include "gateway/custody.h"
#include "gateway/destination.h"
#include "gateway/drains.h"
#include "gateway/front_loop.h"
#include "gateway/reads/kept_reads_sweep.h"
#include "gateway/reads/status.h"
#include "gateway/serve.h"
#include "gateway/supervision.h"
#include "metrics/certificate_probes.h"

namespace titip::gateway {

// Everything from opening the store to closing it. Members are built in the order in which they are needed and die in
// the reverse; what runs on a loop is stopped before its loop is.
class App {
 public:
  App(Config config, const Seams& seams) : config_(std::move(config)), seams_(seams) {}

  std::expected<void, storage::NotOpened> open();
  std::expected<void, std::string> listen();
  void start();
  // Takes the config's log level, certificates and facilities from its file again, while all goes on; the log says what
  // else has changed there. Any thread, one at a time, between start() and stop().
  void reload();
  void stop();

 private:
  void reload_facilities(const std::vector<storage::Facility>& fresh);
  void take_facilities(const std::vector<storage::Facility>& fresh);
  std::expected<void, storage::NotOpened> open_store();
  std::expected<void, std::string> open_facilities();
  std::expected<void, std::string> make_callbacks();
  std::expected<void, std::string> make_destinations();
  std::expected<void, std::string> check_pending() const;
  std::vector<storage::Lane> lanes_of(const std::string& destination) const;
  void budget_descriptors();
  std::expected<void, std::string> make_tls();
  std::expected<void, std::string> make_front();
  void make_operations();
  std::expected<void, std::string> set_gates();
  void set_gate(const std::string& what, const std::optional<admin::Gate>& gate);
  DrainDoors drain_doors();
  void make_upkeep();
  std::expected<void, std::string> read_tokens();
  // On the operations loop, or before it runs: listens, or does not, as there are tokens. The error is a sentence.
  std::expected<void, std::string> follow_tokens();
  words::Said tokens_changed();                                            // on a thread that may wait
  const profile::Profile* profile_of(std::string_view destination) const;  // null: the config has it no more
  void go_on();
  void fill_queue_metrics();
  reads::StatusFacts facts() const;
  admin::Ended operators_status() const;
  bool alive() const;
  words::Said why_not_ready() const;
  http::Response operations_answer(const http::Request& request);

  Config config_;
  const Seams& seams_;
  clock::SystemClock clock_;
  metrics::Registry registry_;
  metrics::CommitProbes commit_probes_{registry_};
  metrics::IntakeProbes intake_probes_{registry_};
  metrics::ReadProbes read_probes_{registry_};
  metrics::HttpProbes front_probes_{registry_, "front"};
  metrics::HttpProbes operations_probes_{registry_, "operations"};
  metrics::HttpProbes admin_api_probes_{registry_, "admin"};
  metrics::RetentionProbes retention_probes_{registry_};
  metrics::AdminProbes admin_probes_{registry_};
  metrics::FacilityProbes facility_probes_{registry_};
  metrics::CertificateProbes certificate_probes_{registry_};
  storage::Facilities facilities_;
  std::optional<storage::StoreLock> lock_;  // let go when everything that has the store is gone
  std::optional<storage::Sealer> sealer_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<CallbackDelivery> callbacks_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  std::vector<std::unique_ptr<FrontLoop>> fronts_;
  Loop operations_loop_{"operations"};
  std::optional<http::Server> operations_;
  std::optional<Supervision> supervision_;
  std::optional<admin::Retention> retention_;
  std::shared_ptr<http::Tls> tls_;        // of the front; none: plain
  std::shared_ptr<http::Tls> admin_tls_;  // likewise
  std::shared_ptr<http::Budget> budget_ = std::make_shared<http::Budget>();
  std::shared_ptr<reads::KeptSize> kept_size_ = std::make_shared<reads::KeptSize>();
  std::optional<reads::KeptReadsSweep> kept_reads_;
  admin::TokenBook tokens_;
  std::optional<admin::Desk> desk_;
  std::optional<admin_api::Door> admin_door_;
  std::optional<http::Server> admin_server_;
  std::uint16_t admin_port_ = 0;
  std::optional<admin::ControlSocket> control_;
  Workers workers_;  // last: its work is finished while the loops it posts to are still there
  std::atomic<bool> stopping_{false};
};

}  // namespace titip::gateway
