#include "tests/capacity/drain_phase.h"

#include <fmt/format.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "gateway/delivery/dispatcher.h"
#include "storage/space_watch.h"
#include "tests/capacity/cpu.h"
#include "tests/capacity/disk.h"
#include "tests/capacity/gateway.h"
#include "tests/capacity/national_server.h"
#include "tests/capacity/pace.h"
#include "tests/capacity/report.h"
#include "tests/storage/forwarding_store.h"
#include "upstream/client/upstream.h"

namespace titip::capacity {
namespace {

using namespace std::chrono_literals;

// Acknowledged and counted by nobody before the kill: at most what was in flight.
constexpr std::uint64_t numbers_beyond = 1'000'000;
constexpr auto longest_standstill = 60s;

// Counts settlements that are on stable storage.
class CountedStore final : public storage::ForwardingStore {
 public:
  CountedStore(storage::Store& behind, std::function<void()> delivered)
      : ForwardingStore(behind), delivered_(std::move(delivered)) {}

  void settle(std::vector<storage::Settlement> batch, storage::Home& home,
              storage::Done<std::vector<storage::Changed>> done) override {
    ForwardingStore::settle(std::move(batch), home, [this, done = std::move(done)](auto changed) mutable {
      for (const auto& each : changed ? *changed : std::vector<storage::Changed>{})
        if (each.applied == storage::Applied::yes && each.state == storage::State::delivered) delivered_();
      done(std::move(changed));
    });
  }

 private:
  std::function<void()> delivered_;
};

client::UpstreamOptions upstream_options(const Settings& settings) {
  // Open from the start: what the destination bears is not what is measured.
  client::UpstreamOptions options;
  options.window = {.initial = settings.window, .cap = settings.window};
  return options;
}

void add_facilities_of(const Bodies& bodies, storage::Facilities& facilities) {
  for (const auto& code : bodies.facilities()) {
    storage::Facility facility;
    facility.code = code;
    facility.late_entry_reason = "02";
    facilities.add(std::move(facility));
  }
}

// Answers where the store calls: for questions asked one at a time, with nothing else going on.
class Here final : public storage::Home {
 public:
  void post(std::move_only_function<void()> work) override { work(); }
};

class Draining {
 public:
  explicit Draining(const Settings& settings)
      : settings_(settings),
        gateway_(settings, false),
        found_(gateway_.accepted()),
        goal_(found_ + 1),
        pace_(plan_pace(goal_)),
        server_(gateway_.bodies, settings.acknowledged + numbers_beyond, deliver_, {settings.slowing, goal_}),
        upstream_(gateway_.profile, upstream_options(settings),
                  {server_, [this] { return gateway_.clock.steady(); }, [this] { return gateway_.clock.wall(); },
                   [this] { return uniform(); }, probes_}),
        store_(*gateway_.store, [this] { delivered(); }),
        dispatcher_({std::string(destination)},
                    {gateway_.profile, facilities_, store_, deliver_, gateway_.sealer, upstream_, gateway_.clock,
                     deliver_, [this] { return uniform(); }, probes_}) {
    add_facilities_of(gateway_.bodies, facilities_);
  }

  ~Draining() {
    gateway_.store->close();
    deliver_.stop();
  }

  int run() {
    report::say(fmt::format("reopened: {} submissions, {} acknowledged before the kill; {}", found_,
                            settings_.acknowledged, disk_use(settings_.store()).text()));
    if (found_ < settings_.acknowledged) report::say("ACKNOWLEDGED SUBMISSIONS ARE LOST");
    accept_one();
    deliver_.post([this] { dispatcher_.start(); });
    gateway_.front.start();
    deliver_.start();
    wait_for_the_last();
    std::promise<void> stopped;
    deliver_.post([&] { dispatcher_.stop([&] { stopped.set_value(); }); });
    stopped.get_future().wait();
    tidy_up();
    wait_for_quiet();
    return judge();
  }

 private:
  double since_start_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch() -
                                         std::chrono::nanoseconds(settings_.started_at_steady_ns))
        .count();
  }
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  void accept_one() {
    gateway_.front.run([this] {
      gateway_.intake.take(gateway_.arrival(settings_.acknowledged + numbers_beyond - 1),
                           [this](intake::Answer answer) {
                             const auto* custody = std::get_if<intake::InCustody>(&answer);
                             if (custody == nullptr || custody->replayed)
                               report::give_up("the reopened store does not accept");
                             report::figure("start_to_accept_s", since_start_s());
                           });
    });
  }

  // On the delivery loop, as everything from here to wait_for_the_last().
  void delivered() {
    if (delivered_++ == 0) report::figure("first_delivery_s", since_start_s());
    const bool had_begun = pace_.has_begun();
    const auto tenth = pace_.reached(delivered_, std::chrono::steady_clock::now());
    if (!had_begun && pace_.has_begun()) begin_tenth();
    if (tenth) {
      say_tenth(*tenth);
      begin_tenth();
    }
    if (delivered_ % 256 != 0 && delivered_ != goal_) return;
    const std::scoped_lock lock(mutex_);
    told_ = delivered_;
    progress_.notify_all();
  }

  void begin_tenth() {
    cpu_ = cpu_use(gateway_.front.writer());
    tenth_began_ = delivered_;
    commits_ = gateway_.commits.commits();
    server_cpu_s_ = server_.own_cpu_s();
  }

  void say_tenth(const Pace::Tenth& tenth) {
    const auto cpu = cpu_use(gateway_.front.writer()) - cpu_;
    const double server = server_.own_cpu_s() - server_cpu_s_;
    const auto count = static_cast<double>(delivered_ - tenth_began_);
    const auto each_us = [&](double seconds) { return seconds * 1e6 / count; };
    report::say(
        fmt::format("deliveries, tenth {:2}: {:6.0f}/s, {:3.0f} a commit; CPU us each: dispatcher {:.1f}, writer "
                    "{:.1f}, readers and "
                    "rest {:.1f}, background {:.1f}, destination {:.1f}; peak {:.0f} MB; {}",
                    tenth.number, tenth.rate, count / static_cast<double>(gateway_.commits.commits() - commits_),
                    each_us(cpu.deliver - server), each_us(cpu.writer), each_us(cpu.readers), each_us(cpu.background),
                    each_us(server), peak_rss_mb(), disk_use(settings_.store()).text()));
  }

  void wait_for_the_last() {
    std::unique_lock lock(mutex_);
    while (told_ < goal_) {
      const auto before = told_;
      if (progress_.wait_for(lock, longest_standstill, [&] { return told_ != before; })) continue;
      std::string states;
      for (const auto& [name, counts] : gateway_.store->counts().destinations)
        for (const auto state : storage::all_states)
          states += fmt::format(" {}={}", storage::name(state), counts.by_state[static_cast<std::size_t>(state)]);
      report::give_up(fmt::format("nothing was delivered for a minute;{}", states));
    }
    report::figure("deliveries_per_s", pace_.rate().value_or(0));
    if (const auto ratio = pace_.ratio()) report::figure("drain_ratio", *ratio);
  }

  // Retention, as an operator's timer drives it. What is destroyed with the settlement leaves it nothing to do.
  void tidy_up() {
    Here here;
    storage::Retain what;
    what.settled_before = gateway_.clock.wall() + 1s;
    std::uint64_t erased = 0;
    while (true) {
      std::promise<storage::Result<storage::Retained>> answer;
      gateway_.store->retain(what, here, [&](auto retained) { answer.set_value(std::move(retained)); });
      const auto retained = answer.get_future().get();
      if (!retained) {
        report::say(fmt::format("retention: the store answers {}", storage::name(retained.error())));
        break;
      }
      erased += retained->erased;
      what.after = retained->next;
      if (what.after) continue;
      report::say(fmt::format("retention: {} records emptied after the drain", erased));
      break;
    }
  }

  // Nothing here asks for space: what the running store gives back by itself is what is judged.
  void wait_for_quiet() {
    const auto quiet = storage::SpaceSettings{}.calm + 3s;
    const auto longest = 60s + 30s * static_cast<long>(goal_ / 1'000'000);
    const auto began = std::chrono::steady_clock::now();
    const auto drained = disk_use(settings_.store());
    auto left = drained;
    auto now = began, changed = began;
    while (now - changed < quiet && now - began < longest) {
      std::this_thread::sleep_for(100ms);
      now = std::chrono::steady_clock::now();
      const auto use = disk_use(settings_.store());
      if (use.without_other() != left.without_other()) changed = now;
      left = use;
    }
    const std::chrono::duration<double> took = changed - began;
    report::say(fmt::format("drained: {}; {} after {:.0f} s (looked at for {} s at most), as the store left it: {}",
                            drained.text(), now - changed < quiet ? "STILL CHANGING" : "quiet", took.count(),
                            longest / 1s, left.text()));
    report::figure("left_bytes", static_cast<double>(left.all()));
    report::figure("left_bytes_without_other", static_cast<double>(left.without_other()));
  }

  int judge() {
    const auto& received = server_.received();
    const std::uint64_t missing = server_.missing_below(settings_.acknowledged);
    report::say(fmt::format("destination: sound={} missing={} twice={} altered={} strange={}", received.sound, missing,
                            received.twice, received.altered, received.strange));
    const bool good = missing + received.twice + received.altered + received.strange == 0 && received.sound == goal_;
    return good ? 0 : 1;
  }

  const Settings& settings_;
  Gateway gateway_;
  storage::Facilities facilities_;
  const std::uint64_t found_;
  const std::uint64_t goal_;
  Pace pace_;
  gateway::Loop deliver_{"deliver-0"};
  std::mt19937_64 random_{1};
  metrics::DestinationProbes probes_{gateway_.registry, std::string(destination)};
  NationalServer server_;
  client::Upstream upstream_;
  CountedStore store_;
  delivery::Dispatcher dispatcher_;
  std::uint64_t delivered_ = 0;  // the loop's
  // As they were when this tenth began.
  CpuUse cpu_;
  std::uint64_t tenth_began_ = 0;
  std::uint64_t commits_ = 0;
  double server_cpu_s_ = 0;
  std::mutex mutex_;
  std::condition_variable progress_;
  std::uint64_t told_ = 0;
};

}  // namespace

int open_and_close(const Settings& settings) {
  open_store(settings, nullptr)->close();
  return 0;
}

int drain(const Settings& settings) {
  Draining draining(settings);
  return draining.run();
}

}  // namespace titip::capacity
