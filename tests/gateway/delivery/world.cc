#include "tests/gateway/delivery/world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/keys.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::tests {
namespace {

using namespace std::chrono_literals;

constexpr int steps_max = 100'000;
constexpr std::string_view destination = "pcare-vaksin";

bool is_write(const client::OutboundRequest& request) {
  return request.method != "GET" && request.target != "/login";
}

}  // namespace

// Short enough to read in a test, long enough to tell apart.
WorldOptions::WorldOptions() {
  settle.backoff = {.first = 2s, .max = 60s};
  settle.late_apply_wait = 30s;
  upstream.breaker.open_first = 15s;
  upstream.breaker.open_max = 120s;
}

std::string Dose::text() const {
  return fmt::format(R"({{"nik":"{}","noTiket":"T-{}","dosis":{},"tglVaksin":"{}","noBatch":"{}"{}}})", nik, nik,
                     number, date, batch, more);
}

World::Process::Process(World& world)
    : timers(world.clock),
      probes(registry, std::string(destination)),
      intake_probes(registry),
      callback_probes(registry),
      engine([&] {
        auto opened = storage::QueueStore::open(world.kv_, world.store_options(), storage::Pumping::by_hand);
        if (!opened) throw std::runtime_error(opened.error());
        return std::move(*opened);
      }()),
      store(*engine),
      upstream(world.profile_, world.options_.upstream,
               {transport, [&world] { return world.clock.steady(); }, [&world] { return world.clock.wall(); },
                [] { return 0.5; }, probes}),
      intake({store, home, *world.sealer_, world.clock, intake_probes}),
      dispatcher(
          {std::string(destination), world.options_.settle, world.options_.login, world.options_.permits,
           world.options_.surge, delivery::DispatcherOptions{}.fresh_age, delivery::DispatcherOptions{}.deadline_near,
           world.options_.callbacks.value_or(delivery::CallbacksOptions{}).policy.most_due, world.options_.marks_ahead},
          {world.profile_, world.facilities_, store, home, *world.sealer_, upstream, world.clock, timers,
           [] { return 0.5; }, probes,
           [&world](const auto& facility, const words::Said&) {
             world.surged.push_back(facility.value_or("all of them"));
           },
           [&world](const auto& drain) { world.drain_stands = drain; }, &callback_probes}) {
  if (const auto& options = world.options_.callbacks)
    callbacks.emplace(*options, delivery::CallbacksDoors{
                                    world.facilities_, store, home, *world.sealer_, receiver, world.clock, timers,
                                    [] { return 0.5; }, callback_probes,
                                    [&world](const auto& facility, const auto&) { world.gone.push_back(facility); }});
  transport.server = [&world](const auto& request) { return world.server(request); };
  transport.on_request = [&world](const auto& request) { world.check_write(request); };
}

World::World(WorldOptions options) : options_(std::move(options)), profile_(pcare_vaksin()) {
  if (options_.profile) options_.profile(profile_);
  for (const auto* code : {"0905R002", "0905R003"}) {
    storage::Facility facility;
    facility.code = code;
    facility.late_entry_reason = "02";
    facility.username = code;
    facility.password = "right";
    facilities_.add(std::move(facility));
  }
  for (int i = 0; i < options_.facilities; ++i) {
    storage::Facility facility;
    facility.code = fmt::format("F{:03}", i);
    facility.late_entry_reason = "02";
    facility.username = facility.code;
    facility.password = "right";
    facilities_.add(std::move(facility));
  }
  storage::Facility bare;  // no reason for late entries and no log-in
  bare.code = "0905R004";
  facilities_.add(std::move(bare));
  process_ = std::make_unique<Process>(*this);
}

World::~World() = default;

storage::StoreOptions World::store_options() {
  storage::StoreOptions options;
  options.now = [this] { return clock.wall(); };
  options.steady = [this] { return clock.steady(); };
  options.on_fatal = [](const std::string& why) { ADD_FAILURE() << why; };
  return options;
}

storage::SubmissionId World::accept(const Dose& dose, std::string_view route, std::string_view facility) {
  intake::Arrival arrival;
  arrival.profile = &profile_;
  arrival.route = profile::find_route(profile_, route);
  arrival.destination = destination;
  arrival.facility = facility;
  arrival.channel = "mount";
  arrival.method = arrival.route->method;
  arrival.target = arrival.route->path;
  arrival.content_type = "application/json";
  arrival.body = dose.text();
  arrival.credentials = options_.credentials;
  std::optional<storage::SubmissionId> id;
  process_->intake.take(std::move(arrival), [&](intake::Answer answer) {
    if (const auto* custody = std::get_if<intake::InCustody>(&answer)) id = custody->submission.id;
  });
  run();
  if (!id) ADD_FAILURE() << "not accepted: " << dose.text();
  return id.value_or(storage::SubmissionId{});
}

void World::start() {
  process_->dispatcher.start();
  if (process_->callbacks) process_->callbacks->start();
  run();
}

bool World::step() {
  auto& p = *process_;
  if (p.engine->pump() || p.home.run() || p.transport.run() || p.receiver.run()) return true;
  if (!p.timers.run_due()) return false;
  ++timers_run;
  return true;
}

void World::run() {
  for (int steps = 0; step(); ++steps) {
    if (steps > steps_max) {
      ADD_FAILURE() << "the gateway spins: it never comes to rest without time passing";
      return;
    }
  }
}

void World::pass(std::chrono::milliseconds span) {
  run();
  const auto end = clock.steady() + span;
  for (auto next = process_->timers.next(); next && *next <= end; next = process_->timers.next()) {
    clock.advance(std::chrono::ceil<std::chrono::milliseconds>(*next - clock.steady()));
    run();
    if (testing::Test::HasFailure() && timers_run > steps_max) return;
  }
  if (end > clock.steady()) clock.advance(std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady()));
  run();
}

bool World::pass_until(const std::function<bool()>& holds, std::chrono::milliseconds longest) {
  for (std::chrono::milliseconds passed{0}; !holds(); passed += 100ms) {
    if (passed >= longest) return false;
    pass(100ms);
  }
  return true;
}

void World::kill() {
  kv_->killed = true;
  process_.reset();
  kv_->killed = false;
  process_ = std::make_unique<Process>(*this);
}

storage::Loaded World::load(const storage::SubmissionId& id) {
  storage::Loaded found;
  process_->engine->load({{id, true, true, true}}, process_->home, [&](auto loaded) {
    if (loaded && loaded->front()) {
      found = std::move(*loaded->front());
    } else {
      ADD_FAILURE() << "not in custody: " << id.text();
    }
  });
  run();
  return found;
}

std::vector<storage::Submission> World::records_of(std::string destination_of_them, std::string facility) {
  storage::ScanQuery query;
  query.filter.destination = std::move(destination_of_them);
  query.filter.facility = std::move(facility);
  query.limit = 1'000;
  std::vector<storage::Submission> found;
  process_->engine->scan(query, process_->home, [&](auto page) {
    if (page) found = std::move(page->items);
  });
  run();
  return found;
}

std::vector<storage::Outcome> World::outcomes(const storage::SubmissionId& id) {
  std::vector<storage::Outcome> list;
  for (const auto& attempt : load(id).attempts) list.push_back(attempt.outcome);
  return list;
}

storage::DestinationCounts World::counts() const {
  const auto all = process_->engine->counts();
  const auto found = all.destinations.find(destination);
  return found == all.destinations.end() ? storage::DestinationCounts{} : found->second;
}

std::vector<delivery::Outage> World::outages() {
  std::vector<delivery::Outage> found;
  std::string after;
  for (bool more = true; more;) {
    process_->store.list_objects(std::string(delivery::outage_kind), after, 100, process_->home, [&](auto list) {
      for (const auto& [name, object] : list.value()) found.push_back(delivery::decode_outage(object.bytes).value());
      more = list->size() == 100;
      if (more) after = list->back().first;
    });
    run();
  }
  return found;
}

delivery::DrainAnswer World::order_drain(delivery::DrainOrder order) {
  std::optional<delivery::DrainAnswer> answer;
  process_->dispatcher.order_drain(std::move(order), [&](delivery::DrainAnswer a) { answer = std::move(a); });
  run();
  if (!answer) ADD_FAILURE() << "nobody was told what became of the order";
  return answer.value_or(delivery::DrainAnswer{});
}

std::optional<delivery::Drain> World::drain() {
  std::optional<delivery::Drain> found;
  process_->engine->get_object(std::string(delivery::drain_kind), std::string(destination), process_->home,
                               [&](const auto& object) {
                                 if (object.value()) found = delivery::Drain::decode((*object)->bytes).value();
                               });
  run();
  return found;
}

void World::change(const storage::Transition& transition) {
  process_->engine->transition({transition}, process_->home, [](const auto& changed) {
    EXPECT_TRUE(changed && changed->front().applied == storage::Applied::yes);
  });
  run();
}

void World::put_object(std::string kind, std::string name, std::string bytes) {
  process_->engine->put_objects({{std::move(kind), std::move(name), std::nullopt, std::move(bytes)}}, process_->home,
                                [](const auto& applied) { ASSERT_TRUE(applied.has_value()); });
  run();
}

std::size_t World::writes() const {
  return static_cast<std::size_t>(std::ranges::count_if(process_->transport.seen, is_write));
}
std::size_t World::probes() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      process_->transport.seen, [](const auto& r) { return r.target.starts_with("/datavaksin/notiket/"); }));
}
std::size_t World::health_reads() const {
  return process_->transport.count("GET", profile_.health_read);
}

void World::check_write(const client::OutboundRequest& request) {
  if (!is_write(request)) return;
  const auto key = header(request, profile_.idempotency_header);
  const auto id = key.size() > 2 ? storage::SubmissionId::parse(key.substr(1, key.size() - 2)) : std::nullopt;
  ASSERT_TRUE(id) << "a write must name its submission: " << key;
  const auto mark = kv_->get(storage::Family::open, storage::keys::of(*id));
  EXPECT_TRUE(mark && *mark) << "sent without an open mark on stable storage";
  const auto nik = nlohmann::json::parse(request.body).at("nik");
  for (const auto& open : process_->transport.open())
    if (is_write(open))
      EXPECT_NE(nlohmann::json::parse(open.body).at("nik"), nik) << "two writes of one person at once";
}

World::Damaged World::damage_head(const storage::SubmissionId& id) {
  auto key = storage::keys::of(load(id).submission.ordering_key);
  auto was = kv_->get(storage::Family::head, key)->value();
  EXPECT_TRUE(kv_->commit({{storage::Family::head, key, std::string("damaged")}}));
  return {std::move(key), std::move(was)};
}

void World::heal_head(const Damaged& damaged) {
  EXPECT_TRUE(kv_->commit({{storage::Family::head, damaged.key, damaged.was}}));
}

std::string person(int number) {
  return fmt::format("33000000{:08}", number);
}

std::uint64_t in_state(const World& world, storage::State state) {
  return world.counts().by_state[static_cast<std::size_t>(state)];
}

}  // namespace titip::tests
