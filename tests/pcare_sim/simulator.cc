#include "tests/pcare_sim/simulator.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "tests/pcare_sim/session.h"
#include "tests/pcare_sim/world.h"

namespace titip::pcare_sim {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Clock = std::chrono::steady_clock;
using Executor = asio::io_context::executor_type;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
using Endpoints = asio::ip::tcp::endpoint;

constexpr std::chrono::milliseconds housekeeping_interval{200};
constexpr std::chrono::milliseconds accept_pause{50};  // when the process is out of descriptors

std::expected<Endpoints, std::string> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  error_code error;
  if (colon != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
    const auto address = asio::ip::make_address(text.substr(0, colon), error);
    if (!error && parsed.ec == std::errc() && parsed.ptr == end) return Endpoints(address, port);
  }
  return std::unexpected(
      fmt::format("'{}' must be written address:port, like 127.0.0.1:8090 (port 0 picks one)", text));
}

// A listening socket that can refuse for a while and keeps its port meanwhile.
class Listener {
 public:
  Listener(asio::io_context& io, World& world, Door door)
      : acceptor_(io.get_executor()), pause_(io.get_executor()), world_(world), door_(door) {}

  std::expected<void, std::string> open(const Endpoints& endpoint) {
    error_code error = bind_and_listen(endpoint);
    // A port the kernel picked is given back when the socket stops listening: find out a free one, then ask for it by
    // number, and again if somebody was faster.
    for (int tries = 0; !error && endpoint.port() == 0 && tries < 20; ++tries) {
      const Endpoints picked(endpoint.address(), port());
      error = bind_and_listen(picked);
      if (!error) break;
      error = bind_and_listen(endpoint);
    }
    if (error)
      return std::unexpected(
          fmt::format("cannot listen on {}:{}: {}", endpoint.address().to_string(), endpoint.port(), error.message()));
    accept();
    return {};
  }

  std::uint16_t port() const {
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

  // Linux: a listening socket that is shut down refuses connections but stays bound, and may listen again. Closing it
  // instead would let somebody else take the port.
  void refuse() {
    error_code ignored;
    acceptor_.cancel(ignored);
    pause_.cancel();
    ::shutdown(acceptor_.native_handle(), SHUT_RD);
  }

  void resume() {
    error_code error;
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      fmt::print(stderr, "pcare_sim: cannot listen again: {}\n", error.message());
      return;
    }
    accept();
  }

 private:
  error_code bind_and_listen(const Endpoints& endpoint) {
    error_code error;
    acceptor_.close(error);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, LoopSocket socket) {
      if (error == asio::error::operation_aborted || (door_ == Door::service && world_.refusing)) return;
      if (error) {
        pause_.expires_after(accept_pause);
        pause_.async_wait([this](error_code cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      error_code ignored;
      socket.set_option(asio::ip::tcp::no_delay(true), ignored);
      if (world_.sessions.size() < world_.options.max_connections) serve(std::move(socket), world_, door_);
      accept();
    });
  }

  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_;
  Timer pause_;
  World& world_;
  const Door door_;
};

}  // namespace

// Everything that lives on the loop's thread, and the thread.
class Simulator::Loop {
 public:
  explicit Loop(Options options)
      : world_(std::move(options)),
        main_(io_, world_, Door::service),
        control_(io_, world_, Door::control),
        refusal_(io_.get_executor()),
        housekeeping_(io_.get_executor()) {}

  ~Loop() {
    stop();
    if (log_ != nullptr) std::fclose(log_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  std::expected<void, std::string> start() {
    const Options& options = world_.options;
    if (options.base.size() < 2 || options.base.front() != '/' || options.base.ends_with('/') ||
        options.base.starts_with("/_sim"))
      return std::unexpected(
          fmt::format("base '{}' must be a path like /vaksin, without a slash at the end", options.base));
    if (auto wrong = twice_named(options.facilities)) return std::unexpected(*std::move(wrong));
    const auto endpoint = parse_endpoint(options.listen);
    if (!endpoint) return std::unexpected("listen: " + endpoint.error());
    if (!options.ledger_log.empty()) {
      log_ = std::fopen(options.ledger_log.c_str(), "ae");
      if (log_ == nullptr)
        return std::unexpected(fmt::format("cannot append to {}: {}", options.ledger_log, std::strerror(errno)));
      world_.service.log_effects_to(log_);
    }
    if (auto opened = main_.open(*endpoint); !opened) return opened;
    port_ = main_.port();
    address_ = endpoint->address().to_string();
    if (!options.control.empty()) {
      const auto control = parse_endpoint(options.control);
      if (!control) return std::unexpected("control: " + control.error());
      if (auto opened = control_.open(*control); !opened) return opened;
      control_port_ = control_.port();
    }
    world_.weather_changed = [this] { follow_weather(); };
    world_.started(Clock::now());
    keep_house();
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  void stop() {
    if (!thread_.joinable()) return;
    // Sessions hold sockets: they are closed on the loop, and the handlers that keep them die with it.
    asio::post(io_, [this] {
      world_.weather_changed = [] {};
      ++world_.generation;
      refuse_connections();
      io_.stop();
    });
    thread_.join();
    if (log_ != nullptr) std::fflush(log_);
  }

  // Runs `what` on the loop and waits for its result; when the loop has ended nobody else touches the world.
  template <typename What>
  auto ask(What what) {
    if (!thread_.joinable()) return what(world_);
    std::packaged_task<decltype(what(world_))()> task([&] { return what(world_); });
    auto result = task.get_future();
    asio::post(io_, [&task] { task(); });
    return result.get();
  }

  std::uint16_t port() const { return port_; }
  std::uint16_t control_port() const { return control_port_; }
  std::string base_url() const { return fmt::format("http://{}:{}{}", address_, port_, world_.options.base); }

 private:
  // Opens and closes the listener as the weather says, now and at the script's next edge.
  void follow_weather() {
    const auto now = Clock::now();
    const bool refuse = world_.weather.refusing(now);
    if (refuse && !world_.refusing) {
      ++world_.service.totals().weather[static_cast<std::size_t>(Kind::refuse)];
      refuse_connections();
    } else if (!refuse && world_.refusing) {
      world_.refusing = false;
      main_.resume();
    }
    refusal_.cancel();
    if (const auto next = world_.weather.next_refusal_change(now)) {
      refusal_.expires_at(*next);
      refusal_.async_wait([this](error_code cancelled) {
        if (!cancelled) follow_weather();
      });
    }
  }

  void refuse_connections() {
    if (!world_.refusing) main_.refuse();
    world_.refusing = true;
    reset_service_connections(world_);
  }

  void keep_house() {
    reset_overdue_connections(world_, Clock::now());
    if (log_ != nullptr && std::fflush(log_) != 0 && !log_failed_) {
      log_failed_ = true;
      fmt::print(stderr, "pcare_sim: the ledger log is incomplete: {}\n", std::strerror(errno));
    }
    housekeeping_.expires_after(housekeeping_interval);
    housekeeping_.async_wait([this](error_code cancelled) {
      if (!cancelled) keep_house();
    });
  }

  World world_;  // outlives the sessions that the loop's handlers keep
  asio::io_context io_{1};
  Listener main_;
  Listener control_;
  Timer refusal_;
  Timer housekeeping_;
  std::FILE* log_ = nullptr;
  bool log_failed_ = false;
  std::uint16_t port_ = 0;
  std::uint16_t control_port_ = 0;
  std::string address_;
  std::thread thread_;
};

Simulator::Simulator(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Simulator::~Simulator() = default;

std::expected<std::unique_ptr<Simulator>, std::string> Simulator::start(Options options) {
  auto loop = std::make_unique<Loop>(std::move(options));
  if (auto started = loop->start(); !started) return std::unexpected(started.error());
  return std::unique_ptr<Simulator>(new Simulator(std::move(loop)));
}

std::uint16_t Simulator::port() const {
  return loop_->port();
}
std::uint16_t Simulator::control_port() const {
  return loop_->control_port();
}
std::string Simulator::base_url() const {
  return loop_->base_url();
}

void Simulator::set_weather(std::vector<Spell> script) {
  loop_->ask([&](World& world) { world.replace_weather(std::move(script)); });
}

Totals Simulator::totals() const {
  return loop_->ask([](World& world) { return world.service.totals(); });
}

std::string Simulator::ledger_json(std::uint32_t after, std::uint32_t limit) const {
  return loop_->ask([&](World& world) { return world.ledger_json(after, limit); });
}

void Simulator::stop() {
  loop_->stop();
}

}  // namespace titip::pcare_sim
