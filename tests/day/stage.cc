#include "tests/day/stage.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "tests/day/http_client.h"

namespace titip::day {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<const char*, 4> sites{"0905R001", "0905R002", "0905R003", "0905R004"};
constexpr auto start_patience = std::chrono::seconds(30);

std::string random_word() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}", random(), random(), random());
}

std::expected<void, std::string> write_file(const fs::path& file, const std::string& text, mode_t mode) {
  std::ofstream out(file);
  out << text;
  out.close();
  if (!out || ::chmod(file.c_str(), mode) != 0) {
    return std::unexpected(fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
  return {};
}

std::expected<fs::path, std::string> data_directory(const Settings& settings) {
  std::error_code error;
  if (settings.data.empty()) {
    const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path();
    std::string pattern = (beside / "day-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return std::unexpected(fmt::format("cannot make a directory in {}: {}; give one with --data", beside.string(),
                                         std::strerror(errno)));
    }
    return fs::path(pattern);
  }
  fs::create_directories(settings.data, error);
  if (error) return std::unexpected(fmt::format("cannot make {}: {}", settings.data.string(), error.message()));
  fs::path whole = fs::canonical(settings.data, error);
  if (error || !fs::is_empty(whole, error)) {
    return std::unexpected(
        fmt::format("{} is not an empty directory; a day starts with nothing in the gateway", settings.data.string()));
  }
  return whole;
}

}  // namespace

std::expected<Stage, std::string> Stage::set_up(const Settings& settings) {
  for (const fs::path& program : {settings.titip, settings.sim}) {
    if (::access(program.c_str(), X_OK) != 0) {
      return std::unexpected(fmt::format("{} cannot be run: {}; build it first (cmake --build --preset release)",
                                         program.string(), std::strerror(errno)));
    }
  }
  Stage stage;
  stage.settings_ = settings;
  auto data = data_directory(settings);
  if (!data) return std::unexpected(data.error());
  stage.data_ = *data;
  std::set<std::uint16_t> taken;
  for (std::uint16_t* port :
       {&stage.simulator_port_, &stage.control_port_, &stage.front_port_, &stage.operations_port_}) {
    do {
      const auto free = free_port();
      if (!free) return std::unexpected("no free port on 127.0.0.1");
      *port = *free;
    } while (!taken.insert(*port).second);
  }
  for (const char* site : sites) stage.facilities_.push_back({site, fmt::format("desk-{}", site), random_word()});
  if (auto ok = stage.write_files(); !ok) return std::unexpected(ok.error());
  return stage;
}

std::expected<void, std::string> Stage::write_files() {
  json known = json::array();
  json facilities = json::array();
  for (const FacilityLogin& facility : facilities_) {
    const fs::path password_file = data_ / ("password-" + facility.code);
    if (auto ok = write_file(password_file, facility.password + "\n", 0600); !ok) return ok;
    known.push_back({{"code", facility.code}, {"user", facility.username}, {"password", facility.password}});
    facilities.push_back({{"code", facility.code},
                          {"name", "Puskesmas Contoh " + facility.code},
                          {"time_zone", "WIB"},
                          {"late_entry_reason", late_entry_reason},
                          {"login", {{"username", facility.username}, {"password_file", password_file.string()}}}});
  }
  if (auto ok = write_file(data_ / "facilities.json", known.dump(2) + "\n", 0600); !ok) return ok;
  const json destination{
      {"name", "pcare-vaksin"},
      {"profile", "pcare-vaksin"},
      {"base_url", fmt::format("http://127.0.0.1:{}{}", simulator_port_, service_base)},
      {"connect_timeout_ms", 500},
      {"response_timeout_ms", response_timeout_ms},
      {"late_apply_wait_ms", late_apply_wait_ms},
      {"breaker", {{"window_ms", 2000}, {"open_first_ms", 300}, {"open_max_ms", 1000}}},
      {"backoff", {{"first_ms", 100}, {"max_ms", 2000}}},
      {"window", {{"initial", 4}, {"cap", 32}}},
  };
  const json config{
      {"data_directory", (data_ / "gateway").string()},
      {"front", {{"address", "127.0.0.1"}, {"port", front_port_}}},
      {"operations", {{"address", "127.0.0.1"}, {"port", operations_port_}}},
      {"destinations", json::array({destination})},
      {"facilities", facilities},
  };
  return write_file(data_ / "titip.json", config.dump(2) + "\n", 0600);
}

std::expected<void, std::string> Stage::wait_until_ready(Child& child, std::uint16_t port, const std::string& target,
                                                         const fs::path& log, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + start_patience;
  HttpClient client(port);
  while (std::chrono::steady_clock::now() < deadline) {
    if (!child.running()) {
      return std::unexpected(
          fmt::format("{} {} at its start; its last words:\n{}", what, child.how_it_ended(), tail(log, 10)));
    }
    const auto reply =
        client.exchange({.method = "GET", .target = target, .headers = {}, .body = {}}, std::chrono::seconds(1));
    if (reply && reply->status == 200) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return std::unexpected(fmt::format("{} is not ready after 30 s; its last words:\n{}", what, tail(log, 10)));
}

std::expected<void, std::string> Stage::start_simulator() {
  const fs::path log = data_ / "pcare_sim.log";
  auto child =
      Child::start({settings_.sim.string(), "--listen", fmt::format("127.0.0.1:{}", simulator_port_), "--control",
                    fmt::format("127.0.0.1:{}", control_port_), "--base", service_base, "--facilities-file",
                    (data_ / "facilities.json").string(), "--seed", std::to_string(settings_.seed)},
                   log, settings_.keep);
  if (!child) return std::unexpected(child.error());
  simulator_ = std::move(*child);
  return wait_until_ready(simulator_, control_port_, "/_sim/stats", log, "the simulated national server");
}

std::expected<void, std::string> Stage::start_gateway(const std::vector<std::string>& before) {
  const fs::path log = data_ / "titip.log";
  std::vector<std::string> command = before;
  command.insert(command.end(), {settings_.titip.string(), "serve", "--config", (data_ / "titip.json").string()});
  std::error_code none_yet;
  said_before_ = fs::file_size(log, none_yet);
  if (none_yet) said_before_ = 0;
  auto child = Child::start(command, log, settings_.keep);
  if (!child) return std::unexpected(child.error());
  gateway_ = std::move(*child);
  return wait_until_ready(gateway_, operations_port_, "/readyz", log, "the gateway");
}

std::string Stage::gateway_words() const {
  constexpr std::uintmax_t enough = 64U << 10U;
  std::error_code ignored;
  const fs::path log = data_ / "titip.log";
  const std::uintmax_t size = fs::file_size(log, ignored);
  std::ifstream in(log, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(ignored ? 0 : std::max(said_before_, size - std::min(size, enough))));
  return {std::istreambuf_iterator<char>(in), {}};
}

bool Stage::stop_gateway() {
  return gateway_.stop(std::chrono::seconds(15));
}

void Stage::leave_running() {
  simulator_.release();
  gateway_.release();
}

void Stage::remove_data() {
  std::error_code ignored;
  fs::remove_all(data_, ignored);
}

std::string Stage::logs() const {
  return fmt::format("  the gateway's last words ({}):\n{}  the simulator's last words ({}):\n{}",
                     (data_ / "titip.log").string(), tail(data_ / "titip.log", 8), (data_ / "pcare_sim.log").string(),
                     tail(data_ / "pcare_sim.log", 4));
}

}  // namespace titip::day
