// The admin API of a running gateway: a listener that is there while there are tokens.
#include <fmt/format.h>

#include <future>

#include "gateway/admin_api/answers.h"
#include "gateway/app.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;

constexpr std::uint64_t body_bytes = 64U << 10U;  // as much as the control socket takes

}  // namespace

std::expected<void, std::string> App::read_tokens() {
  auto tokens = admin::read_tokens(admin::token_file(config_.data_directory));
  if (!tokens) return std::unexpected(tokens.error().own());
  tokens_.replace(std::move(*tokens));
  return {};
}

std::expected<void, std::string> App::follow_tokens() {
  if (tokens_.empty()) {
    if (admin_server_) {
      admin_server_->stop();  // what is under way is answered
      admin_server_.reset();
      metrics::log(Level::info, "admin_api_closed");
    }
    return {};
  }
  if (admin_server_ || stopping_) return {};
  if (!admin_door_)
    admin_door_.emplace(
        admin_api::DoorParts{tokens_,
                             [this](admin::Request request, std::shared_ptr<admin::Caller> caller) {
                               desk_->take(std::move(request), std::move(caller));
                             },
                             [this](std::move_only_function<void()> work) { operations_loop_.post(std::move(work)); },
                             operations_loop_, clock_});
  http::ServerOptions options;
  config_.admin.listen.limit(options, config_.admin.behind_proxy);
  options.body_bytes = body_bytes;
  options.tls = admin_tls_;
  options.fault_response = [](int status, std::string_view reason, const words::Said& sentence, words::Wanted wanted) {
    return admin_api::problem(status, reason, sentence, wanted);
  };
  http::Server server(
      operations_loop_.context(), std::move(options),
      [this](http::Request request, http::Responder respond) {
        admin_door_->handle(std::move(request), std::move(respond));
      },
      admin_api_probes_, clock_);
  const auto& listen = config_.admin.listen;
  const auto port = server.listen(listen.address, listen.port, false);
  if (!port) return std::unexpected(fmt::format("/admin/listen: {}", port.error()));
  admin_port_ = *port;
  admin_server_.emplace(std::move(server));
  metrics::log(
      Level::info, "listening",
      {{Field::listener, "admin"}, {Field::address, listen.address}, {Field::port, std::int64_t{admin_port_}}});
  return {};
}

// The loop does not wait for the desk, so the desk may wait for the loop.
words::Said App::tokens_changed() {
  if (const auto read = read_tokens(); !read) return words::said("But they cannot be read again: {}.", read.error());
  std::promise<words::Said> said;
  operations_loop_.post([this, &said] {
    const auto followed = follow_tokens();
    said.set_value(!followed ? words::said("But the admin API cannot listen: {}.", followed.error())
                   : tokens_.empty()
                       ? words::said("No token is left: the admin API listens no more.")

                       : words::said("The admin API listens on {}:{}.", config_.admin.listen.address, admin_port_));
  });
  return said.get_future().get();
}

}  // namespace titip::gateway
