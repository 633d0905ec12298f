#include "gateway/serve.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/built_in_profiles.h"
#include "gateway/destination.h"
#include "gateway/front_loop.h"
#include "gateway/reads/status.h"
#include "metrics/log.h"
#include "storage/open.h"
#include "storage/sealing.h"

#ifndef TITIP_VERSION
#define TITIP_VERSION "unknown"
#endif

namespace titip::gateway {
namespace {

using metrics::Field;
using metrics::Level;

constexpr int exit_failed = 1;
constexpr auto heartbeat_limit = std::chrono::milliseconds(5'000);
constexpr auto stop_poll = std::chrono::milliseconds(10);
constexpr auto abandon_grace = std::chrono::milliseconds(2'000);
constexpr std::size_t descriptors_kept = 1'024;  // for the store, upstream connections and the operations listener
constexpr std::size_t facilities_named = 5;

std::expected<profile::Profile, std::string> find_profile(const DestinationConfig& destination,
                                                          const std::filesystem::path& directory) {
  std::string text;
  std::string from = "the built-in profile " + destination.profile;
  if (const auto built_in = built_in_profile(destination.profile)) {
    text = *built_in;
  } else {
    const auto path = directory / destination.profile;
    from = path.string();
    std::ifstream file(path);
    if (!file) {
      return std::unexpected(fmt::format("'{}' is neither a built-in profile ({}) nor a file that can be read",
                                         destination.profile, fmt::join(built_in_profile_names(), ", ")));
    }
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  auto loaded = profile::load_profile(text);
  if (!loaded)
    return std::unexpected(fmt::format("{} at {}: {}", from, loaded.error().pointer, loaded.error().sentence));
  return std::move(*loaded);
}

// Everything from opening the store to closing it. Members are built in the order in which they are needed and die in
// the reverse; what runs on a loop is stopped before its loop is.
class App {
 public:
  App(Config config, const Seams& seams) : config_(std::move(config)), seams_(seams) {}

  std::expected<void, std::string> open();
  std::expected<void, std::string> listen();
  void start();
  void stop();

 private:
  std::expected<void, std::string> open_store();
  std::expected<void, std::string> make_destinations();
  std::expected<void, std::string> check_pending() const;
  std::vector<storage::Lane> lanes_of(const std::string& destination) const;
  void budget_descriptors();
  void make_front();
  void make_operations();
  void fill_queue_metrics();
  reads::StatusFacts facts() const;
  bool alive() const;
  std::string why_not_ready() const;
  http::Response operations_answer(const http::Request& request);
  template <class Ended>
  bool wait_until(std::chrono::steady_clock::time_point deadline, Ended ended);

  Config config_;
  const Seams& seams_;
  clock::SystemClock clock_;
  metrics::Registry registry_;
  metrics::CommitProbes commit_probes_{registry_};
  metrics::IntakeProbes intake_probes_{registry_};
  metrics::ReadProbes read_probes_{registry_};
  metrics::HttpProbes front_probes_{registry_, "front"};
  metrics::HttpProbes operations_probes_{registry_, "operations"};
  storage::Facilities facilities_;
  std::optional<storage::Sealer> sealer_;
  std::unique_ptr<storage::Store> store_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  std::vector<std::unique_ptr<FrontLoop>> fronts_;
  Loop operations_loop_{"operations"};
  std::optional<http::Server> operations_;
  Workers workers_;  // last: its work is finished while the loops it posts to are still there
  std::atomic<bool> stopping_{false};
};

std::expected<void, std::string> App::open() {
  metrics::build_info(registry_, TITIP_VERSION, "");
  metrics::process_metrics(registry_);
  for (auto& facility : config_.facilities) facilities_.add(std::move(facility));
  if (auto opened = open_store(); !opened) return opened;
  if (auto made = make_destinations(); !made) return made;
  if (auto checked = check_pending(); !checked) return checked;
  registry_.before_exposition([this] { fill_queue_metrics(); });
  budget_descriptors();
  make_front();
  make_operations();
  return {};
}

std::expected<void, std::string> App::open_store() {
  std::error_code error;
  std::filesystem::create_directories(config_.data_directory, error);
  if (error)
    return std::unexpected(fmt::format("cannot make {}: {}", config_.data_directory.string(), error.message()));
  std::filesystem::permissions(config_.data_directory, std::filesystem::perms::owner_all, error);
  const auto directory = config_.data_directory / "store";
  // A store without its key file must not get a new key: everything in it would be unreadable for ever.
  const bool is_new = !std::filesystem::exists(directory / "CURRENT");
  auto sealer = storage::Sealer::open(config_.key_file, is_new);
  if (!sealer) return std::unexpected(sealer.error());
  sealer_.emplace(std::move(*sealer));
  storage::StoreOptions options;
  options.directory = directory;
  options.writer_queue_submissions = config_.storage.writer_queue_submissions;
  options.writer_queue_bytes = config_.storage.writer_queue_bytes;
  options.free_space_floor_bytes = config_.storage.free_space_floor_bytes;
  options.now = [this] { return clock_.wall(); };
  options.probes = &commit_probes_;
  // Fail-stop: after a bad write nobody knows what the disk holds. Connections die unanswered, the service manager
  // starts us again, and recovery finds out.
  options.on_fatal = [](const std::string& reason) {
    metrics::log(Level::error, "store_failed", {{Field::reason, reason}});
    ::_exit(exit_failed);
  };
  auto store = storage::open_rocks_store(std::move(options));
  if (!store) return std::unexpected(store.error());
  store_ = seams_.store ? seams_.store(std::move(*store)) : std::move(*store);
  const auto health = store_->health();
  metrics::log(
      Level::info, "store_opened",
      {{Field::path, directory.string()}, {Field::count, static_cast<std::int64_t>(health.found_open_attempts)}});
  return {};
}

std::expected<void, std::string> App::make_destinations() {
  for (std::size_t at = 0; at < config_.destinations.size(); ++at) {
    auto config = config_.destinations[at];
    auto profile = find_profile(config, config_.directory);
    if (!profile) return std::unexpected(fmt::format("/destinations/{}/profile: {}", at, profile.error()));
    if (config.name.empty()) config.name = profile->name;
    for (const auto& other : destinations_) {
      if (other->name() == config.name)
        return std::unexpected(
            fmt::format("/destinations/{}/name: {} is the name of another destination", at, config.name));
      if (other->profile().mount == profile->mount)
        return std::unexpected(fmt::format("/destinations/{}/profile: {} is mounted already", at, profile->mount));
    }
    if (seams_.profile) seams_.profile(*profile);
    if (seams_.destination) seams_.destination(config);
    destinations_.push_back(std::make_unique<Destination>(
        std::move(config), std::move(*profile), DestinationParts{*store_, *sealer_, facilities_, clock_, registry_}));
  }
  return {};
}

// What is in custody must have somewhere to go.
std::expected<void, std::string> App::check_pending() const {
  for (const auto& [name, counts] : store_->counts().destinations) {
    const auto waiting = reads::pending(counts);
    if (waiting == 0) continue;
    const auto same = [&name](const auto& destination) { return destination->name() == name; };
    if (std::ranges::none_of(destinations_, same))
      return std::unexpected(fmt::format(
          "/destinations: {} submissions wait for '{}', which the config no longer has; put it back", waiting, name));
    std::vector<std::string> gone;
    for (const auto& lane : lanes_of(name))
      if (facilities_.find(lane.facility) == nullptr && gone.size() < facilities_named) gone.push_back(lane.facility);
    if (!gone.empty())
      return std::unexpected(
          fmt::format("/facilities: submissions of {} wait for '{}', but the config no longer has them; put them back",
                      fmt::join(gone, ", "), name));
  }
  return {};
}

// Asks and waits: before anything runs, there is no loop to answer to.
std::vector<storage::Lane> App::lanes_of(const std::string& destination) const {
  struct InPlace final : storage::Home {
    void post(std::move_only_function<void()> work) override { work(); }
  } home;
  std::promise<std::vector<storage::Lane>> promise;
  store_->lanes(destination, home,
                [&promise](auto lanes) { promise.set_value(lanes.value_or(std::vector<storage::Lane>{})); });
  return promise.get_future().get();
}

// Clinics' connections must not take the descriptors that the store and delivery need.
void App::budget_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto allowed = static_cast<std::size_t>(limit.rlim_cur);
  const auto room = allowed > 2 * descriptors_kept ? allowed - descriptors_kept : allowed / 2;
  const auto each = std::max<std::size_t>(room / config_.front.loops, 1);
  if (config_.front.limits.connections <= each) return;
  config_.front.limits.connections = each;
  metrics::log(Level::warning, "connections_limited_by_descriptors", {{Field::count, static_cast<std::int64_t>(each)}});
}

void App::make_front() {
  for (std::size_t number = 0; number < config_.front.loops; ++number) {
    fronts_.push_back(std::make_unique<FrontLoop>(
        number, FrontLoopParts{config_, facilities_, *store_, *sealer_, clock_, workers_, destinations_, front_probes_,
                               intake_probes_, read_probes_, [this] { return reads::status_json(facts()).dump(2); },
                               [this] { return alive(); }, [this] { return why_not_ready(); }}));
  }
}

void App::make_operations() {
  http::ServerOptions options;
  options.connections = 256;
  options.fault_response = front::fault_response;
  operations_.emplace(
      operations_loop_.context(), std::move(options),
      [this](const http::Request& request, http::Responder respond) { respond(operations_answer(request)); },
      operations_probes_, clock_);
}

std::expected<void, std::string> App::listen() {
  auto port = config_.front.listen.port;
  const bool shared = fronts_.size() > 1;
  for (auto& front : fronts_) {
    const auto bound = front->listen(config_.front.listen.address, port, shared);
    if (!bound) return std::unexpected(bound.error());
    port = *bound;
  }
  const auto operations_port = operations_->listen(config_.operations.address, config_.operations.port, false);
  if (!operations_port) return std::unexpected(operations_port.error());
  const auto say = [](std::string_view listener, const std::string& address, std::uint16_t number) {
    metrics::log(Level::info, "listening",
                 {{Field::listener, listener}, {Field::address, address}, {Field::port, std::int64_t{number}}});
  };
  say("front", config_.front.listen.address, port);
  say("operations", config_.operations.address, *operations_port);
  return {};
}

void App::start() {
  for (auto& destination : destinations_) destination->start();
  for (auto& front : fronts_) front->start();
  operations_loop_.start();
}

template <class Ended>
bool App::wait_until(std::chrono::steady_clock::time_point deadline, Ended ended) {
  while (!ended()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(stop_poll);
  }
  return true;
}

// Orderly: refuse new work, let what is in flight end, commit everything, answer everything, then take the house down.
void App::stop() {
  stopping_ = true;
  const auto deadline = std::chrono::steady_clock::now() + config_.stop_grace;
  for (auto& front : fronts_) front->begin_stop();
  for (auto& destination : destinations_) destination->begin_stop();
  const auto delivered = [this] {
    return std::ranges::all_of(destinations_, [](const auto& d) { return d->has_stopped(); });
  };
  const auto answered = [this] {
    return std::ranges::all_of(fronts_, [](const auto& f) { return f->connections() == 0; });
  };
  wait_until(deadline, [&] { return delivered() && answered(); });
  if (!delivered()) metrics::log(Level::warning, "stop_abandons_attempts");
  // Whatever is still on its way upstream ends now: attempts as unknown, reads as unavailable.
  for (auto& destination : destinations_) destination->abandon();
  wait_until(std::chrono::steady_clock::now() + abandon_grace, delivered);
  wait_until(std::max(deadline, std::chrono::steady_clock::now() + abandon_grace), answered);
  store_->close();
  for (auto& front : fronts_) front->abort();
  operations_loop_.stop();
  for (auto& front : fronts_) front->join();
  for (auto& destination : destinations_) destination->join();
  // A call that never ended holds a connection of a front loop: destinations go before the loops they answer to.
  destinations_.clear();
  metrics::log(Level::info, "stopped");
}

// --- what others may see
// ----------------------------------------------------------------------------------------------

reads::StatusFacts App::facts() const {
  reads::StatusFacts facts;
  facts.store = store_->health();
  facts.utc_offset = config_.utc_offset;
  const auto counts = store_->counts();
  for (const auto& destination : destinations_) {
    reads::DestinationFacts each;
    each.destination = destination->name();
    if (const auto found = counts.destinations.find(destination->name()); found != counts.destinations.end())
      each.counts = found->second;
    each.health = destination->reads().health();
    each.unknown_outcomes = static_cast<std::uint64_t>(destination->probes().unknown_outcomes());
    each.probes = static_cast<std::uint64_t>(destination->probes().probes());
    facts.destinations.push_back(std::move(each));
  }
  return facts;
}

void App::fill_queue_metrics() {
  const auto counts = store_->counts();
  for (auto& destination : destinations_) {
    const auto found = counts.destinations.find(destination->name());
    const auto& each = found != counts.destinations.end() ? found->second : storage::DestinationCounts{};
    for (const auto state : storage::all_states)
      destination->queue().submissions(storage::name(state), each.by_state[static_cast<std::size_t>(state)]);
    destination->queue().bytes.set(static_cast<double>(each.payload_bytes_pending));
    destination->queue().ledger_difference.set(static_cast<double>(reads::ledger_difference(each)));
  }
  commit_probes_.writer_queue.set(static_cast<double>(store_->health().writer_queue));
}

bool App::alive() const {
  return std::ranges::all_of(fronts_, [](const auto& f) { return f->loop().has_turned(heartbeat_limit); }) &&
         std::ranges::all_of(destinations_, [](const auto& d) { return d->loop().has_turned(heartbeat_limit); });
}

std::string App::why_not_ready() const {
  if (stopping_) return "The gateway is stopping.";
  const auto health = store_->health();
  if (!health.writable || health.disk_low)
    return health.why_not.empty() ? "The store takes no new work." : health.why_not;
  return {};
}

http::Response App::operations_answer(const http::Request& request) {
  const auto path = request.path();
  if (request.method != "GET" && request.method != "HEAD")
    return front::fault_response(405, "method-not-allowed", "Only GET is served here.");
  if (path == "/livez") return front::health_response(alive(), "A loop of the gateway stands still.", "livez");
  if (path == "/readyz") {
    const auto why_not = why_not_ready();
    return front::health_response(why_not.empty(), why_not, "readyz");
  }
  if (path != "/metrics") return front::fault_response(404, "no-such-place", "Here are /metrics, /livez and /readyz.");
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = registry_.expose();
  response.route = "metrics";
  return response;
}

int fail(std::string_view sentence) {
  fmt::print(stderr, "titip: {}\n", sentence);
  return exit_failed;
}

}  // namespace

int serve(Config config, const Seams& seams) {
  metrics::set_log_level(config.log_level);
  // The signals are taken by sigwait below; every thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  App app(std::move(config), seams);
  if (const auto opened = app.open(); !opened) return fail(opened.error());
  if (const auto listening = app.listen(); !listening) return fail(listening.error());
  app.start();
  int caught = 0;
  sigwait(&signals, &caught);
  metrics::log(Level::info, "stopping", {{Field::signal, caught == SIGTERM ? "SIGTERM" : "SIGINT"}});
  // A second signal must not have to wait for the first one's patience.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  app.stop();
  return 0;
}

}  // namespace titip::gateway
