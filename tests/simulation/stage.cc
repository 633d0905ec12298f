#include "tests/simulation/stage.h"

#include "tests/upstream/shipped_profile.h"

namespace titip::simulation {
namespace {

using namespace std::chrono_literals;
constexpr std::string_view destination = "pcare-vaksin";

// The shipped profile, and what the simulation wants of it: a reply that says what is missing.
profile::Profile profile_for(const StageOptions& options) {
  auto made = tests::pcare_vaksin();
  profile::OutcomeRule missing;
  missing.id = "needs-registration";
  missing.http_status = {424};
  missing.text = "belum terdaftar";
  missing.outcome = profile::RuleOutcome::blocked;
  made.rules.insert(made.rules.begin(), missing);
  made.honours_idempotency_key = options.repeats_people || options.control == Control::no_probe;
  for (auto& route : made.routes) {
    const bool of_people = route.id.starts_with("sasaran/");
    if (route.action == profile::Action::queue &&
        ((options.repeats_people && of_people) || options.control == Control::no_probe)) {
      route.after_unknown = profile::AfterUnknown::repeat;
      route.probe.reset();
    } else if (options.parks_edits && route.id == "vaksin/ubah") {
      route.after_unknown = profile::AfterUnknown::park;
      route.probe.reset();
    }
    if (options.control == Control::existence_instead_of_fields && route.probe) route.probe->compare.clear();
  }
  return made;
}

delivery::DispatcherOptions dispatcher_options(const StageOptions& options) {
  delivery::DispatcherOptions made;
  made.destination = destination;
  made.settle.backoff = {.first = 2s, .max = 60s};
  made.settle.late_apply_wait = options.control == Control::probe_before_the_wait ? 1s : 30s;
  made.marks_ahead.least = options.marks_ahead;
  if (options.maximum_age) made.settle.maximum_age.age = *options.maximum_age;
  made.login.pause_first = 10min;
  made.login.pause_max = 30min;
  return made;
}

constexpr BreakerWatch::Pauses pauses{15s, 120s};

client::UpstreamOptions upstream_options(const StageOptions& options) {
  client::UpstreamOptions made;
  made.breaker.open_first = pauses.first;
  made.breaker.open_max = pauses.most;
  if (options.control == Control::breaker_that_never_opens) made.breaker.minimum_calls = 1'000'000;
  return made;
}

}  // namespace

struct Stage::Life {
  explicit Life(Stage& stage)
      : timers(stage.clock_),
        probes(registry, std::string(destination)),
        intake_probes(registry),
        engine([&] {
          auto opened = storage::QueueStore::open(stage.kv_, stage.store_options(), storage::Pumping::by_hand);
          if (!opened) throw std::runtime_error(opened.error());
          return std::move(*opened);
        }()),
        store(*engine, {stage.records_, stage.sealer_, stage.options_.control, stage.random_.next()}),
        wire({stage.clock_, stage.national_, stage.records_, stage.findings_, *stage.kv_, timers,
              stage.options_.control, [&stage](const std::string& facility) { return stage.is_gated(facility); },
              pauses}),
        upstream(stage.profile_, upstream_options(stage.options_),
                 {wire, [&stage] { return stage.clock_.steady(); }, [&stage] { return stage.clock_.wall(); },
                  [&stage] { return stage.uniform(); }, probes}),
        intake({store, home, stage.sealer_, stage.clock_, intake_probes}),
        dispatcher(dispatcher_options(stage.options_),
                   {stage.profile_, stage.facilities_, store, home, stage.sealer_, upstream, stage.clock_, timers,
                    [&stage] { return stage.uniform(); }, probes,
                    [&stage](const auto& facility, const words::Said&) { stage.gate(facility, true); }}) {}

  tests::FakeHome home;
  LoopTimers timers;
  metrics::Registry registry;
  metrics::DestinationProbes probes;
  metrics::IntakeProbes intake_probes;
  std::unique_ptr<storage::QueueStore> engine;
  SimStore store;
  Wire wire;
  client::Upstream upstream;
  intake::Intake intake;
  delivery::Dispatcher dispatcher;
};

Stage::Stage(StageOptions options, const tests::FakeClock& clock, Agenda& agenda, National& national, Records& records,
             Findings& findings, const storage::Sealer& sealer)
    : options_(std::move(options)),
      clock_(clock),
      agenda_(agenda),
      national_(national),
      records_(records),
      findings_(findings),
      sealer_(sealer),
      profile_(profile_for(options_)),
      kv_(std::make_shared<WatchedKv>(records, findings)),
      clocks_(clock),
      random_(options_.seed, 11) {
  for (std::uint32_t i = 0; i < options_.facilities; ++i) {
    storage::Facility facility;
    facility.code = fmt::format("F{:03}", i);
    facility.late_entry_reason = facility.code == options_.without_reason ? "" : "02";
    facility.username = facility.code;
    facility.password = "right";
    facilities_.add(std::move(facility));
  }
}

Stage::~Stage() = default;

storage::StoreOptions Stage::store_options() {
  storage::StoreOptions options;
  options.now = [this] { return clock_.wall(); };
  options.steady = [this] { return clock_.steady(); };
  options.on_fatal = [this](const std::string& why) {
    findings_.trace("{}", why);
    if (!kv_->has_failed()) findings_.violated("store", why);
    must_stop_ = true;
  };
  return options;
}

double Stage::uniform() {
  return static_cast<double>(random_.next() >> 11U) * 0x1.0p-53;
}

void Stage::start() {
  ++lives;
  must_stop_ = false;
  findings_.trace("--- the gateway starts ({})", lives);
  kv_->live_again();
  life_ = std::make_unique<Life>(*this);
  for (const auto& facility : gated_) {
    if (facility.empty())
      life_->dispatcher.gate(true, "kept");
    else
      life_->dispatcher.gate_facility(facility, true, "kept");
  }
  life_->dispatcher.start();
  count_served();
}

void Stage::die() {
  findings_.trace("--- the gateway dies");
  kv_->die();
  must_stop_ = false;
  life_.reset();
  national_.gateway_died();
  records_.gateway_died();
  count_served();
}

bool Stage::step() {
  if (!life_) return false;
  auto& life = *life_;
  // Which of the loop's and the writer's work comes first is nobody's promise.
  const bool writer_first = random_.chance(0.5);
  const bool moved = writer_first ? life.engine->pump() || life.home.run() : life.home.run() || life.engine->pump();
  return moved || life.timers.run_due();
}

std::optional<clock::SteadyTime> Stage::next() const {
  return life_ ? life_->timers.next() : std::nullopt;
}

SimStore& Stage::store() {
  return life_->store;
}

void Stage::submit(Form& form, std::move_only_function<void(intake::Answer)> answer) {
  intake::Arrival arrival;
  arrival.profile = &profile_;
  arrival.route = profile::find_route(profile_, form.route);
  arrival.destination = destination;
  arrival.facility = form.facility;
  arrival.channel = "mount";
  arrival.method = arrival.route->method;
  arrival.target = arrival.route->path;
  arrival.content_type = "application/json";
  arrival.body = form.body;
  arrival.idempotency_key = form.key.empty() ? "" : '"' + form.key + '"';
  life_->store.arriving = &form;
  life_->intake.take(std::move(arrival), std::move(answer));
}

void Stage::act(storage::Transition what) {
  if (!life_) return;
  life_->engine->transition({std::move(what)}, life_->home, [](const auto&) {});
}

void Stage::erase(const storage::SubmissionId& id) {
  if (!life_) return;
  life_->engine->erase({id}, life_->home, [](const auto&) {});
}

void Stage::tell_numbers(const Form& form) {
  const bool is_there = !form.records.empty() && form.records.back()->standing.state == storage::State::delivered;
  if (!life_ || !is_there) return;
  storage::ReadBack read;
  read.id = form.records.back()->id;
  read.expected_version = form.records.back()->version;
  read.epoch = life_->engine->health().epoch;
  for (const auto& name : form.references)
    read.resolved.push_back(
        {sealer_.keyed_hash("requirement", {destination, form.facility, name}), storage::Sealed{"a number"}, {}});
  life_->store.read_back({std::move(read)}, life_->home, [this, &form](const auto& changed) {
    if (!changed) agenda_.in(1min, [this, &form] { tell_numbers(form); });
  });
}

// A surge was told, or a person shuts or opens a gate. A person opens what a surge has shut after a while.
void Stage::gate(const std::optional<std::string>& facility, bool shut) {
  const auto name = facility.value_or("");
  findings_.trace("gate of {} {}", name.empty() ? "the destination" : name, shut ? "shut" : "opened");
  if (!shut) {
    gated_.erase(name);
  } else if (gated_.insert(name).second) {
    agenda_.in(milliseconds(random_.between(60'000, 1'200'000)), [this, name] { resume(name); });
  }
  count_served();
}

void Stage::count_served() {
  for (const auto& facility : facilities_.page({}, options_.facilities))
    clocks_.runs(facility->code, life_ && !is_gated(facility->code) && !national_.fails_everybody());
}

void Stage::resume(const std::string& facility) {
  gate(facility, false);
  if (!life_) return;
  if (facility.empty())
    life_->dispatcher.gate(false, "resumed");
  else
    life_->dispatcher.gate_facility(facility, false, "resumed");
}

void Stage::resume_all() {
  for (const auto& facility : std::set(gated_)) resume(facility);
}

void Stage::shut(const std::string& facility) {
  gate(facility, true);
  if (!life_) return;
  if (facility.empty())
    life_->dispatcher.gate(true, "shut");
  else
    life_->dispatcher.gate_facility(facility, true, "shut");
}

void Stage::renew_login(const std::string& facility) {
  if (life_) life_->dispatcher.credentials_renewed(facility);
}

storage::QueueStore& Stage::engine() {
  return *life_->engine;
}

}  // namespace titip::simulation
