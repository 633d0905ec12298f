#include "gateway/app.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/admin/bulk.h"
#include "gateway/record_edits.h"
#include "gateway/record_views.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "storage/key_file.h"
#include "storage/waiting_home.h"

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;

constexpr auto stop_poll = std::chrono::milliseconds(10);
constexpr auto abandon_grace = std::chrono::milliseconds(2'000);

bool wait_until(std::chrono::steady_clock::time_point deadline, const std::function<bool()>& has_ended) {
  while (!has_ended()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(stop_poll);
  }
  return true;
}

}  // namespace

std::expected<void, std::string> App::make_front() {
  config_.front.limits.tls = tls_;
  const auto made_numbers = std::make_shared<intake::MadeNumbers>();
  const auto rates = std::make_shared<front::FacilityRates>(config_.front.facility_rate);
  std::shared_ptr<const front::Admission> admission;
  if (config_.front.admission)
    admission = std::make_shared<front::Admission>(*config_.front.admission, clock_,
                                                   [this](std::string_view reason) { front_probes_.refused(reason); });
  const auto log_in_paces = std::make_shared<front::LogInPaces>(
      config_.front.log_ins, clock_, [this](std::string_view reason) { front_probes_.refused(reason); });
  const auto log_in_tries = std::make_shared<reads::LogInTries>(config_.log_in.tries, config_.log_in.maximum_age);
  config_.front.limits.budget = budget_;
  kept_size_->limit(config_.storage.kept_reads_bytes);
  if (seams_.front) seams_.front(config_.front.limits);
  for (std::size_t number = 0; number < config_.front.loops; ++number) {
    fronts_.push_back(std::make_unique<FrontLoop>(
        number, FrontLoopParts{config_, facilities_, *store_, *sealer_, clock_, workers_, destinations_, front_probes_,
                               intake_probes_, read_probes_, made_numbers, rates, admission, log_in_paces, log_in_tries,
                               kept_size_, [this] { return reads::status_json(facts()).dump(2); },
                               [this] { return alive(); }, [this] { return why_not_ready(); }}));
  }
  return {};
}

void App::make_operations() {
  http::ServerOptions options;
  config_.operations.limit(options, false);
  options.fault_response = front::fault_response;
  operations_.emplace(
      operations_loop_.context(), std::move(options),
      [this](const http::Request& request, http::Responder respond) { respond(operations_answer(request)); },
      operations_probes_, clock_);
}

const profile::Profile* App::profile_of(std::string_view destination) const {
  const auto found = std::ranges::find_if(destinations_, [&](const auto& each) { return each->name() == destination; });
  return found == destinations_.end() ? nullptr : &(*found)->profile();
}

void App::make_upkeep() {
  admin::RetentionOptions retention;
  retention.rule = retention_rule(config_);
  retention_.emplace(retention,
                     admin::Retention::Parts{*store_, operations_loop_, operations_loop_, clock_, retention_probes_});
  kept_reads_.emplace(reads::SweepOptions{.size = kept_size_},
                      reads::KeptReadsSweep::Doors{*store_, operations_loop_, *sealer_, clock_, operations_loop_});
  std::vector<std::string> names;
  for (const auto& destination : destinations_) names.push_back(destination->name());
  names.emplace_back(storage::callback_destination);
  desk_.emplace(
      admin::Doors{
          *store_, *sealer_, clock_, config_.key_file, config_.data_directory, retention.rule,
          [this] { return operators_status(); }, [this](const std::string& what) { set_gate(what, std::nullopt); },
          std::move(names), [this](const std::string& facility) { return facilities_.find(facility) != nullptr; },
          [this](const std::string& what, const admin::Gate& gate) { set_gate(what, gate); },
          [this](const admin::Request& request) { return drain_command(request, drain_doors()); }, &facilities_,
          [this](const storage::Submission& record, const storage::Payload& payload) {
            const auto* profile = profile_of(record.destination);
            return profile == nullptr ? std::string() : person_in(*profile, record, payload);
          },
          [this](const storage::Loaded& loaded) { return timeline_of(loaded, *sealer_); },
          [this](const storage::Submission& record, const storage::Payload& payload,
                 const std::vector<admin::Edit>& edits) -> std::expected<admin::Edited, words::Said> {
            const auto* profile = profile_of(record.destination);
            if (profile == nullptr) return std::unexpected(words::said("the config has its destination no more"));
            return edited_record(*profile, record, payload, edits, {*store_, *sealer_, clock_});
          },
          config_.admin.edit_needs_approval, [this] { return tokens_changed(); }},
      clock_, [this](std::string_view action) { admin_probes_.acted(action); });
  control_.emplace(operations_loop_.context(), admin::ControlOptions{},
                   [this](admin::Request request, std::shared_ptr<admin::Caller> caller) {
                     desk_->take(std::move(request), std::move(caller));
                   });
}

// What the end of the process cut short, one after the other: a rotation (the key file has more than one key until it
// is finished), then a bulk action.
void App::go_on() {
  class Nobody final : public admin::Caller {
   public:
    Nobody(std::string_view event, std::function<void()> next) : event_(event), next_(std::move(next)) {}
    bool tell(const admin::Answer& answer) override {
      const auto* ended = std::get_if<admin::Ended>(&answer);
      if (ended != nullptr) metrics::log(Level::info, event_, {{Field::reason, ended->sentence.english()}});
      if (ended != nullptr && next_) next_();
      return true;
    }
    std::string who() const override { return "gateway"; }

   private:
    const std::string_view event_;
    const std::function<void()> next_;
  };
  admin::Request request;
  request.reason = words::tell("cut short by the end of the process");
  request.only_finish = true;
  const auto bulk = [this, request]() mutable {
    if (stopping_ || !admin::has_unfinished_job(*store_)) return;
    request.command = admin::Command::bulk_resume;
    desk_->take(std::move(request), std::make_shared<Nobody>("bulk_action_went_on", std::function<void()>{}));
  };
  const auto keys = storage::read_key_file(config_.key_file);
  if (!keys || keys->wrapping.size() < 2) return std::function<void()>(bulk)();
  request.command = admin::Command::rotate_keys;
  desk_->take(std::move(request), std::make_shared<Nobody>("key_rotation_went_on", bulk));
}

// Before a destination, or before a facility of one; nothing: it is taken away.
void App::set_gate(const std::string& what, const std::optional<admin::Gate>& gate) {
  for (auto& each : destinations_) {
    const auto facilities = admin::facility_gate_name(each->name(), {});
    if (each->name() == what) each->gate(gate);
    if (what.starts_with(facilities)) each->gate_facility(what.substr(facilities.size()), gate);
  }
  const std::string callback(storage::callback_destination);
  const auto facilities = admin::facility_gate_name(callback, {});
  if (what == callback) callbacks_->gate(gate);
  if (what.starts_with(facilities)) callbacks_->gate_facility(what.substr(facilities.size()), gate);
}

DrainDoors App::drain_doors() {
  DrainDoors doors{*store_, clock_, {}, {}, {}};
  for (const auto& each : destinations_)
    doors.destinations.push_back({each->name(), each->profile().utc_offset, each->configured_pace()});
  const auto find = [this](const std::string& name) -> Destination& {
    return **std::ranges::find_if(destinations_, [&name](const auto& each) { return each->name() == name; });
  };
  doors.order = [find](const std::string& name, delivery::DrainOrder order) {
    storage::WaitingHome home;
    return home.ask<delivery::DrainAnswer>([&](auto done) { find(name).order_drain(order, home, std::move(done)); })
        .value_or(delivery::DrainAnswer{});
  };
  doors.look = [find](const std::string& name) { return find(name).drain(); };
  return doors;
}

// Sockets that the service manager holds are taken over: clinics that connect while one gateway makes room for the next
// wait in their queue, and nobody is refused.
std::expected<void, std::string> App::listen() {
  const auto given = handed_over("front");
  if (!given.complaint.empty()) return std::unexpected(given.complaint);
  auto port = config_.front.listen.port;
  const bool shared = fronts_.size() > 1;
  for (auto& front : fronts_) {
    const auto bound =
        given.socket ? front->listen_on(*given.socket) : front->listen(config_.front.listen.address, port, shared);
    if (!bound) return std::unexpected(bound.error());
    port = *bound;
  }
  const auto operations_given = handed_over("operations");
  if (!operations_given.complaint.empty()) return std::unexpected(operations_given.complaint);
  const auto operations_port = operations_given.socket
                                   ? operations_->listen_on(*operations_given.socket)
                                   : operations_->listen(config_.operations.address, config_.operations.port, false);
  if (!operations_port) return std::unexpected(operations_port.error());
  if (auto control = control_->listen(config_.data_directory); !control) return std::unexpected(control.error().own());
  if (const auto admin = follow_tokens(); !admin)
    metrics::log(Level::error, "admin_api_closed", {{Field::reason, admin.error()}});
  const auto say = [](std::string_view listener, const std::string& address, std::uint16_t number) {
    metrics::log(Level::info, "listening",
                 {{Field::listener, listener}, {Field::address, address}, {Field::port, std::int64_t{number}}});
  };
  const std::string handed = words::tell("handed over by the service manager");
  say("front", given.socket ? handed : config_.front.listen.address, port);
  say("operations", operations_given.socket ? handed : config_.operations.address, *operations_port);
  return {};
}

void App::start() {
  for (auto& destination : destinations_) destination->start();
  callbacks_->start();
  for (auto& front : fronts_) front->start();
  operations_loop_.post([this] {
    retention_->start();
    kept_reads_->start();
  });
  operations_loop_.start();
  go_on();
  supervision_.emplace(Supervision::Doors{*store_, operations_loop_, [this] { return alive(); }});
  supervision_->ready();
}

// Orderly: refuse new work, let what is in flight end, commit everything, answer everything, then take the house down.
void App::stop() {
  stopping_ = true;
  supervision_->stopping();
  const auto deadline = std::chrono::steady_clock::now() + config_.stop_grace;
  for (auto& front : fronts_) front->begin_stop();
  for (auto& destination : destinations_) destination->begin_stop();
  callbacks_->begin_stop();
  desk_->begin_stop();
  operations_loop_.post([this] {
    retention_->stop();
    kept_reads_->stop();
    control_->stop();
    if (admin_server_) admin_server_->stop();
  });
  const auto delivered = [this] {
    return callbacks_->has_stopped() &&
           std::ranges::all_of(destinations_, [](const auto& d) { return d->has_stopped(); });
  };
  const auto answered = [this] {
    return std::ranges::all_of(fronts_, [](const auto& f) { return f->connections() == 0; });
  };
  wait_until(deadline, [&] { return delivered() && answered(); });
  if (!delivered()) metrics::log(Level::warning, "stop_abandons_attempts");
  // Whatever is still on its way upstream ends now: attempts as unknown, reads as unavailable.
  for (auto& destination : destinations_) destination->abandon();
  callbacks_->abandon();
  wait_until(std::chrono::steady_clock::now() + abandon_grace, delivered);
  wait_until(std::max(deadline, std::chrono::steady_clock::now() + abandon_grace), answered);
  store_->close();
  operations_loop_.post([this] {
    control_->abort();
    if (admin_server_) admin_server_->abort();
  });
  desk_->join();
  for (auto& front : fronts_) front->abort();
  operations_loop_.stop();
  for (auto& front : fronts_) front->join();
  for (auto& destination : destinations_) destination->join();
  callbacks_->join();
  // A call that never ended holds a connection of a front loop: destinations go before the loops they answer to.
  destinations_.clear();
  metrics::log(Level::info, "stopped");
}

}  // namespace titip::gateway
