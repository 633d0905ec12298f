#include "tests/hostile/stage.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "tests/day/http_client.h"

namespace titip::hostile {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;

}  // namespace

std::expected<Stage, std::string> Stage::set_up(const Programs& programs, Front front) {
  Stage stage;
  stage.front_ = front;
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::string pattern = (beside / "hostile-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return std::unexpected("cannot make a directory in " + beside.string());
  stage.directory_ = pattern;
  for (auto* port : {&stage.port_, &stage.operations_port_, &stage.sim_port_, &stage.control_port_}) {
    const auto free = day::free_port();
    if (!free) return std::unexpected("no free port on 127.0.0.1");
    *port = *free;
  }
  if (auto made = front.tls ? stage.make_certificate() : std::expected<void, std::string>{}; !made)
    return std::unexpected(made.error());
  if (auto written = stage.write_config(); !written) return std::unexpected(written.error());
  auto sim = day::Child::start({programs.sim.string(), "--listen", fmt::format("127.0.0.1:{}", stage.sim_port_),
                                "--control", fmt::format("127.0.0.1:{}", stage.control_port_), "--base", "/vaksin"},
                               stage.directory_ / "sim.log", false);
  if (!sim) return std::unexpected(sim.error());
  stage.sim_.emplace(std::move(*sim));
  auto gateway = day::Child::start({programs.titip.string(), "serve", "--config", stage.directory_ / "titip.json"},
                                   stage.directory_ / "titip.log", false);
  if (!gateway) return std::unexpected(gateway.error());
  stage.gateway_.emplace(std::move(*gateway));
  // Its front listens before this one does, and may want a header that is not a client's.
  if (auto ready = stage.wait_for(*stage.gateway_, stage.operations_port_, "/readyz", "titip"); !ready)
    return std::unexpected(ready.error());
  return stage;
}

Stage::~Stage() {
  if (directory_.empty()) return;  // moved from
  gateway_.reset();
  sim_.reset();
  std::error_code ignored;
  if (!kept_) fs::remove_all(directory_, ignored);
}

std::expected<void, std::string> Stage::make_certificate() const {
  const auto command = fmt::format(
      "umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
      "-addext subjectAltName=DNS:localhost -keyout '{0}/own.key' -out '{0}/own.pem' 2>'{0}/openssl.log'",
      directory_.string());
  if (std::system(command.c_str()) != 0)
    return std::unexpected("openssl makes no certificate; install the Debian package openssl: " + command);
  return {};
}

std::expected<void, std::string> Stage::write_config() const {
  json facilities = json::array();
  for (const char* code : {"P0001", "P0002", "P0003"})
    facilities.push_back({{"code", code}, {"name", fmt::format("Puskesmas Uji {}", code)}, {"time_zone", "WIB"}});
  json config{
      {"data_directory", (directory_ / "data").string()},
      {"front",
       {{"address", "127.0.0.1"},
        {"port", port_},
        {"idle_ms", 4'000},
        {"header_deadline_ms", 2'000},
        {"body_deadline_ms", 3'000},
        {"body_grace_ms", 1'000},
        {"body_bytes_per_second", 100},
        {"write_deadline_ms", 3'000},
        {"connections", 10'000},
        {"connections_per_address", share_of_an_address},
        {"in_flight_bytes", 8U << 20U},  // less than those who are slow announce
        {"in_flight_bytes_per_address", 2U << 20U},
        {"facility_requests_per_second", 150},
        {"facility_burst", 300}}},
      {"operations", {{"address", "127.0.0.1"}, {"port", operations_port_}}},
      {"destinations", json::array({{{"profile", "pcare-vaksin"},
                                     {"base_url", fmt::format("http://127.0.0.1:{}/vaksin", sim_port_)}}})},
      {"facilities", facilities},
  };
  if (front_.tls)
    config["front"]["tls"] = {{"certificate_file", (directory_ / "own.pem").string()},
                              {"key_file", (directory_ / "own.key").string()}};
  if (front_.proxy_net != 0) {
    auto& front = config["front"];
    front["trusted_proxies"] = {fmt::format("127.{}.0.0/16", front_.proxy_net)};
    front["proxy_protocol"] = "required";
    front["admission"] = {{"networks", {"192.0.2.0/24"}}};
  }
  std::ofstream out(directory_ / "titip.json");
  out << config.dump(2) << "\n";
  out.close();
  if (!out) return std::unexpected("cannot write the gateway's config");
  return {};
}

std::expected<void, std::string> Stage::wait_for(day::Child& child, std::uint16_t port, const char* target,
                                                 const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  day::HttpClient client(port);
  while (std::chrono::steady_clock::now() < deadline) {
    if (!child.running()) return std::unexpected(fmt::format("{} {}:\n{}", what, child.how_it_ended(), last_words()));
    const auto reply = client.exchange({.method = "GET", .target = target, .headers = {}, .body = {}}, 1s);
    if (reply && reply->status == 200) return {};
    std::this_thread::sleep_for(20ms);
  }
  return std::unexpected(fmt::format("{} is not ready after 30 s:\n{}", what, last_words()));
}

double Stage::metric(const std::string& name) const {
  day::HttpClient client(operations_port_);
  const auto reply = client.exchange({.method = "GET", .target = "/metrics", .headers = {}, .body = {}}, 5s);
  if (!reply) return -1;
  const auto at = reply->body.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::strtod(reply->body.c_str() + at + name.size() + 2, nullptr);
}

std::string Stage::last_words() const {
  return day::tail(directory_ / "titip.log", 10);
}

bool Stage::stop() {
  return gateway_->stop(20s);
}

}  // namespace titip::hostile
