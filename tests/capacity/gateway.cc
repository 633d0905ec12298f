#include "tests/capacity/gateway.h"

#include <unistd.h>

#include "gateway/built_in_profiles.h"
#include "tests/capacity/report.h"

namespace titip::capacity {
namespace {

// No clinic waits here: a disk that stalls is measured, not worked round.
constexpr std::chrono::minutes patience{30};

profile::Profile the_profile() {
  const auto text = gateway::built_in_profile("pcare-vaksin");
  if (!text) report::give_up("the profile pcare-vaksin is not compiled in");
  auto loaded = profile::load_profile(*text);
  if (!loaded) report::give_up(loaded.error().pointer + ": " + loaded.error().sentence);
  return std::move(*loaded);
}

storage::Sealer the_sealer(const Settings& settings, bool may_create_key) {
  auto sealer = storage::Sealer::open(settings.key_file(), may_create_key);
  if (!sealer) report::give_up(sealer.error());
  return std::move(*sealer);
}

}  // namespace

std::unique_ptr<storage::Store> open_store(const Settings& settings, metrics::StoreProbes* probes) {
  storage::StoreOptions options;
  options.directory = settings.store();
  options.now = [] { return clock::SystemClock().wall(); };
  options.probes = probes;
  options.on_fatal = [](const std::string& why) { report::give_up(why); };
  options.retain_delivered = std::chrono::milliseconds(0);
  auto store = storage::open_rocks_store(std::move(options));
  if (!store) report::give_up(store.error());
  return std::move(*store);
}

void Front::post(std::move_only_function<void()> work) {
  if (writer_.load(std::memory_order_relaxed) == 0) writer_ = ::gettid();
  loop_.post(std::move(work));
}

Gateway::Gateway(const Settings& settings, bool may_create_key)
    : bodies(settings.seed, settings.facilities),
      profile(the_profile()),
      sealer(the_sealer(settings, may_create_key)),
      store(open_store(settings, &commits)),
      intake({*store, front, sealer, clock, intake_probes, patience}),
      route_(profile::find_route(profile, "vaksin/simpan")) {
  if (route_ == nullptr) report::give_up("the profile has no route vaksin/simpan");
}

// Answers that are under way run on the loop, so it ends before what they refer to.
Gateway::~Gateway() {
  store->close();
  front.stop();
}

intake::Arrival Gateway::arrival(std::uint64_t number) const {
  intake::Arrival made;
  made.profile = &profile;
  made.route = route_;
  made.destination = destination;
  made.facility = bodies.facility(number);
  made.channel = "mount";
  made.method = route_->method;
  made.target = route_->path;
  made.content_type = "application/json";
  bodies.write(number, made.body);
  made.idempotency_key = bodies.idempotency_key(number);
  return made;
}

std::uint64_t Gateway::accepted() const {
  const auto counts = store->counts();
  const auto found = counts.destinations.find(destination);
  return found == counts.destinations.end() ? 0 : found->second.accepted;
}

}  // namespace titip::capacity
