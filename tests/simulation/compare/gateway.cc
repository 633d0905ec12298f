#include "tests/simulation/compare/gateway.h"

#include <fmt/format.h>

#include <unordered_map>

#include "gateway/delivery/dispatcher.h"
#include "gateway/intake/intake.h"
#include "storage/memory_kv.h"
#include "storage/queue_store.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/compare/heap.h"
#include "tests/simulation/compare/people.h"
#include "tests/storage/forwarding_store.h"
#include "tests/upstream/shipped_profile.h"

namespace titip::compare {
namespace {

constexpr std::string_view destination = "pcare-vaksin";
constexpr std::string_view route = "vaksin/simpan";
constexpr std::string_view by_ticket = "/datavaksin/notiket/T-";
constexpr std::string_view ticket_member = R"("noTiket":"T-)";

std::string facility_code(std::uint32_t number) {
  return fmt::format("F{:03}", number);
}

// A form of one person; a person who does not exist.
std::string form(std::uint32_t record) {
  return fmt::format(R"({{"nik":"3300{:012}","noTiket":"T-{}","dosis":1,"tglVaksin":"2021-08-16","noBatch":"B{}"}})",
                     record, record, record);
}

std::uint32_t number_at(std::string_view text, std::size_t at) {
  std::uint32_t number = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    number = number * 10 + static_cast<std::uint32_t>(text[at] - '0');
  return number;
}

// What it keeps is the store's.
class Kv final : public storage::MemoryKv {
 public:
  storage::KvResult<void> commit(const storage::KvBatch& batch) override {
    const HeldBy store(Holder::store);
    return MemoryKv::commit(batch);
  }
};

// The store's door, where it is seen what becomes of whom.
class Ledger final : public storage::ForwardingStore {
 public:
  Ledger(storage::Store& behind, std::function<void(std::uint32_t, storage::Event)> settled)
      : ForwardingStore(behind), settled_(std::move(settled)) {}
  void settle(std::vector<storage::Settlement> batch, storage::Home& home,
              storage::Done<std::vector<storage::Changed>> done) override {
    for (const auto& each : batch) {
      const HeldBy test(Holder::test);
      const auto found = numbers.find(each.id);
      if (found == numbers.end()) continue;
      const auto number = found->second;
      using enum storage::Event;
      if (each.event == delivered || each.event == rejected) numbers.erase(found);
      settled_(number, each.event);
    }
    ForwardingStore::settle(std::move(batch), home, std::move(done));
  }
  std::unordered_map<storage::SubmissionId, std::uint32_t, storage::SubmissionIdHash> numbers;  // of all pending

 private:
  std::function<void(std::uint32_t, storage::Event)> settled_;
};

class Wire final : public client::Transport {
 public:
  Wire(Server& server, simulation::Agenda& agenda, std::function<milliseconds()> now)
      : server_(server), agenda_(agenda), now_(std::move(now)) {}

  void send(client::OutboundRequest request, std::move_only_function<void(rules::Exchange)> done) override {
    const bool probe = request.target.starts_with(by_ticket);
    const bool write = request.method != "GET" && !probe;
    const auto record = probe   ? number_at(request.target, by_ticket.size())
                        : write ? number_at(request.body, request.body.find(ticket_member) + ticket_member.size())
                                : 0;
    const auto call = write ? Call::write : probe ? Call::probe : Call::other;
    const auto reaction = server_.arrive(call, record, now_());
    agenda_.in(reaction.after, [exchange = exchange_of(call, record, reaction.fate), done = std::move(done)]() mutable {
      done(std::move(exchange));
    });
  }
  void close() override {}

 private:
  rules::Exchange exchange_of(Call call, std::uint32_t record, Fate fate) const {
    switch (fate) {
      case Fate::served:
        if (call == Call::write) return tests::national(201, 201, "CREATED");
        if (call == Call::other) return tests::national(200, 200, "OK", R"({"list":[]})");
        if (!server_.has(record)) return tests::national(404, 404, "Data tidak ditemukan");
        return tests::national(200, 200, "OK", R"({"list":[)" + form(record) + "]}");
      case Fate::rejected:
        return tests::national(412, 412, "PRECONDITION_FAILED");
      case Fate::connect_refused:
        return rules::Failure::connect_refused;
      case Fate::reply_lost:
        return rules::Failure::connection_reset;
      case Fate::hangs:
        return rules::Failure::response_timeout;
      case Fate::above_capacity:
      case Fate::error:
        return rules::Reply{503, "text/html", "<html>503</html>", {}};
    }
    return rules::Failure::connection_reset;
  }

  Server& server_;
  simulation::Agenda& agenda_;
  std::function<milliseconds()> now_;
};

// Poison that is left when nobody comes any more is tried by itself, which must not look like an outage.
constexpr milliseconds night = 3 * Weather::hour;

client::UpstreamOptions upstream_options(const GatewayOptions& options) {
  client::UpstreamOptions made;
  made.window = options.window;
  if (!options.breaker) made.breaker.minimum_calls = 1'000'000'000;
  return made;
}

delivery::DispatcherOptions dispatcher_options(const GatewayOptions& options) {
  delivery::DispatcherOptions made;
  made.destination = destination;
  made.permits.shares.fresh = options.fresh_share;
  return made;
}

}  // namespace

struct Gateway::Life {
  Life(GatewayOptions gateway_options, const Weather& the_weather, const storage::Sealer& the_sealer)
      : options(std::move(gateway_options)),
        weather(the_weather),
        sealer(the_sealer),
        people(weather),
        server(weather),
        course(weather, server),
        began(clock.steady()),
        agenda(clock),
        timers(clock),
        random(weather.seed, 23),
        probes(registry, std::string(destination)),
        intake_probes(registry),
        engine(open_engine()),
        store(*engine, [this](std::uint32_t record, storage::Event event) { settled(record, event); }),
        wire(server, agenda, [this] { return now(); }),
        upstream(tests::pcare_vaksin(), upstream_options(options),
                 {wire, [this] { return clock.steady(); }, [this] { return clock.wall(); },
                  [this] { return uniform(); }, probes}),
        intake({store, home, sealer, clock, intake_probes}),
        dispatcher(dispatcher_options(options), {tests::pcare_vaksin(), facilities, store, home, sealer, upstream,
                                                 clock, timers, [this] { return uniform(); }, probes}) {
    add_facilities();
  }

  void add_facilities() {
    for (std::uint32_t i = 0; i <= weather.facilities; ++i) {
      storage::Facility facility;
      facility.code = facility_code(i);
      facility.late_entry_reason = "02";
      facility.username = facility.code;
      facility.password = "right";
      facilities.add(std::move(facility));
    }
  }

  std::unique_ptr<storage::QueueStore> open_engine() {
    storage::StoreOptions made;
    made.now = [this] { return clock.wall(); };
    made.steady = [this] { return clock.steady(); };
    made.retain_delivered = milliseconds(0);
    made.on_fatal = [](const std::string& why) { throw std::runtime_error(why); };
    auto opened = storage::QueueStore::open(kv, std::move(made), storage::Pumping::by_hand);
    if (!opened) throw std::runtime_error(opened.error());
    return std::move(*opened);
  }

  double uniform() { return static_cast<double>(random.next() >> 11U) * 0x1.0p-53; }
  milliseconds now() const { return std::chrono::duration_cast<milliseconds>(clock.steady() - began); }

  void settled(std::uint32_t record, storage::Event event) {
    using enum storage::Event;
    if (event == delivered) return course.delivered(record, now());
    if (event == gave_up_probing && !server.is_poison(record)) ++held;
    if (event == rejected || event == gave_up_probing) course.ended(record, now());
  }

  void take(const Arrival& arrival) {
    intake::Arrival made;
    made.profile = &tests::pcare_vaksin();
    made.route = profile::find_route(*made.profile, route);
    made.destination = destination;
    made.facility = facility_code(facility_of(weather, arrival));
    made.channel = "mount";
    made.method = made.route->method;
    made.target = made.route->path;
    made.content_type = "application/json";
    made.body = form(arrival.record);
    intake.take(std::move(made), [this, record = arrival.record, imported = arrival.imported](intake::Answer answer) {
      const auto* custody = std::get_if<intake::InCustody>(&answer);
      const HeldBy test(Holder::test);
      if (custody == nullptr) throw std::runtime_error("a form was refused");
      store.numbers.emplace(custody->submission.id, record);
      course.accepted(record, now(), imported);
    });
  }

  void come() {
    const auto arrival = people.next();
    nobody_comes = !arrival;
    if (!arrival) {
      opened_while_people_came = upstream.health().outages;
      night_ends = now() + (weather.hanging > 0 ? night : milliseconds(0));
    }
    if (!arrival) return;
    const auto when = std::max(began + arrival->at, clock.steady());
    agenda.at(when, [this, arrival = *arrival] {
      take(arrival);
      come();
    });
  }

  bool step() { return agenda.run_due() || home.run() || engine->pump() || timers.run_due(); }

  void advance() {
    auto next = agenda.next();
    if (const auto timer = timers.next(); timer && (!next || *timer < *next)) next = timer;
    if (next && *next > clock.steady()) clock.advance(std::chrono::ceil<milliseconds>(*next - clock.steady()));
  }

  GatewayOptions options;
  const Weather& weather;
  const storage::Sealer& sealer;
  People people;
  Server server;
  Course course;
  tests::FakeClock clock;
  clock::SteadyTime began;
  simulation::Agenda agenda;
  simulation::LoopTimers timers;
  sampler::Random random;
  tests::FakeHome home;
  metrics::Registry registry;
  metrics::DestinationProbes probes;
  metrics::IntakeProbes intake_probes;
  std::shared_ptr<Kv> kv = std::make_shared<Kv>();
  std::unique_ptr<storage::QueueStore> engine;
  Ledger store;
  Wire wire;
  client::Upstream upstream;
  intake::Intake intake;
  storage::Facilities facilities;
  delivery::Dispatcher dispatcher;
  bool nobody_comes = false;
  milliseconds night_ends{0};
  std::uint64_t held = 0;
  std::uint64_t opened_while_people_came = 0;  // the breaker
};

Gateway::Gateway(GatewayOptions options, const Weather& weather, const storage::Sealer& sealer)
    : life_(std::make_unique<Life>(std::move(options), weather, sealer)) {}

Gateway::~Gateway() = default;

Figures Gateway::run() {
  auto& life = *life_;
  life.dispatcher.start();
  life.come();
  const auto longest = life.weather.days * Weather::day + 12 * Weather::hour;
  const auto until = life.options.until.value_or(longest);
  std::size_t most_bytes = 0;
  std::size_t most_active = 0;
  const auto is_over = [&] { return life.nobody_comes && life.course.pending() == 0 && life.now() >= life.night_ends; };
  while (life.now() < until && !is_over()) {
    while (life.step()) {
    }
    if (life.options.weighs) {
      most_bytes = std::max(most_bytes, heap_in_use(Holder::gateway));
      most_active = std::max(most_active, life.dispatcher.active());
    }
    life.advance();
  }
  auto made = life.course.figures();
  made.breaker_opened = life.upstream.health().outages;
  made.opened_alone = made.breaker_opened - life.opened_while_people_came;
  made.held = life.held;
  made.gateway_bytes = most_bytes;
  made.store_bytes = heap_in_use(Holder::store);
  made.most_active = most_active;
  return made;
}

}  // namespace titip::compare
