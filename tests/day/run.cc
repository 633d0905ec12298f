#include "tests/day/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "tests/day/checker.h"
#include "tests/day/clinics.h"
#include "tests/day/deaths.h"
#include "tests/day/dialect.h"
#include "tests/day/reads.h"
#include "tests/day/report.h"
#include "tests/day/stage.h"
#include "tests/day/watch.h"
#include "tests/day/weather.h"

namespace titip::day {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_interval{100};
constexpr milliseconds dead_for{700};          // between the kill and the restart: somebody has to notice
constexpr double into_the_outage_s = 1.0;      // when a clinic wants to log in
constexpr double clinics_share_of_day = 0.95;  // the rest of the day is for draining
constexpr double deaths_share_of_day = 0.85;   // the last life is long enough to settle what is unknown
constexpr double after_the_weather_s = 3.0;    // what was sent last may still be applied late

// The national server's day; its time zone is UTC+7.
std::chrono::sys_days national_day() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now() + std::chrono::hours(7));
}

std::string date_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

class DayRun {
 public:
  DayRun(const Settings& settings, Stage stage, Forecast forecast, const sampler::Day& plan)
      : settings_(settings),
        stage_(std::move(stage)),
        forecast_(std::move(forecast)),
        simulator_(stage_.control_port()),
        watch_(stage_, forecast_, settings.quiet),
        clinics_(plan, {.gateway_port = stage_.front_port(),
                        .mount = mount,
                        .seed = settings.seed,
                        .late_entry_reason = late_entry_reason}),
        deaths_(settings, settings.seconds * deaths_share_of_day) {}

  std::expected<void, std::string> live_through();
  std::expected<void, std::string> collect();
  int conclude();
  std::string logs() const { return stage_.logs(); }

  Evidence evidence;

 private:
  double now_s() const { return std::chrono::duration<double>(DayClock::now() - start_).count(); }
  std::int64_t now_ms() const { return std::chrono::duration_cast<milliseconds>(DayClock::now() - start_).count(); }
  std::expected<void, std::string> begin();
  std::expected<bool, std::string> tick();  // true once the day is over
  void log_in_everywhere(const char* when);
  void gather_logins(bool wait);
  bool time_to_kill();
  std::expected<void, std::string> kill_and_restart();
  std::expected<void, std::string> die_and_return();
  std::expected<std::string, std::string> how_it_died(bool serving);
  std::expected<void, std::string> start_again();

  const Settings& settings_;
  Stage stage_;
  Forecast forecast_;
  HttpClient simulator_;
  Watch watch_;
  Clinics clinics_;
  Deaths deaths_;
  DayClock::time_point start_{};
  std::optional<double> clinics_done_s_;
  std::int64_t hung_before_ = 0;
  bool logged_in_during_outage_ = false;
  bool killed_ = false;
  SimulatorStats stats_;
  std::vector<std::future<Login>> logins_;
};

std::expected<void, std::string> DayRun::begin() {
  if (settings_.faults) {
    for (const std::string& fault : Deaths::fault_names()) evidence.counters.by_fault[fault] = 0;
  }
  if (auto ok = stage_.start_simulator(); !ok) return ok;
  if (auto ok = stage_.start_gateway(); !ok) return ok;
  log_in_everywhere("in the morning");
  gather_logins(true);
  if (auto ok = set_weather(simulator_, forecast_.script); !ok) return ok;
  start_ = DayClock::now();
  clinics_.open(start_);
  return {};
}

void DayRun::log_in_everywhere(const char* when) {
  for (const FacilityLogin& facility : stage_.facilities()) {
    logins_.push_back(std::async(std::launch::async, [port = stage_.front_port(), facility, when] {
      return log_in(port, facility, when, milliseconds(patience_ms));
    }));
  }
}

void DayRun::gather_logins(bool wait) {
  std::erase_if(logins_, [&](std::future<Login>& login) {
    if (!wait && login.wait_for(milliseconds(0)) != std::future_status::ready) return false;
    evidence.logins.push_back(login.get());
    return true;
  });
}

std::expected<void, std::string> DayRun::live_through() {
  if (auto ok = begin(); !ok) return ok;
  while (true) {
    const auto over = tick();
    if (!over) return std::unexpected(over.error());
    if (*over) break;
    std::this_thread::sleep_for(look_interval);
  }
  watch_.end_line();
  clinics_.close();
  gather_logins(true);
  return {};
}

std::expected<bool, std::string> DayRun::tick() {
  if (settings_.deaths > 0 && (deaths_.due(now_s()) || (deaths_.left() && !stage_.gateway_running()))) {
    if (auto ok = die_and_return(); !ok) return std::unexpected(ok.error());
    return false;  // the next failure may have come already
  }
  if (!stage_.gateway_running()) return std::unexpected("the gateway " + stage_.gateway_end() + " by itself");
  watch_.look();
  const double second = now_s();
  watch_.show(clinics_, second);
  gather_logins(false);

  const Spell* refuse = settings_.deaths == 0 ? forecast_.first("refuse") : nullptr;
  if (refuse != nullptr && !logged_in_during_outage_ && second >= refuse->from_s + into_the_outage_s) {
    logged_in_during_outage_ = true;
    log_in_everywhere("during an outage");
  }
  if (settings_.kill && settings_.deaths == 0 && !killed_ && time_to_kill()) {
    if (auto ok = kill_and_restart(); !ok) return std::unexpected(ok.error());
  }
  if (!clinics_.finished() && second < settings_.seconds + settings_.drain_limit_s) return false;
  if (!clinics_done_s_) {
    clinics_done_s_ = second;
    watch_.say(fmt::format("{:5.1f} s  the clinics are done; waiting until nothing is pending", second));
  }
  const bool weather_over = second >= forecast_.ends_s() + after_the_weather_s;
  if (weather_over && watch_.look() && watch_.last().totals.pending == 0) return true;
  if (second < std::max(*clinics_done_s_, forecast_.ends_s()) + settings_.drain_limit_s) return false;
  watch_.say(fmt::format("{:5.1f} s  still {} pending after {:.0f} s of draining; judging as it is", second,
                         watch_.last().totals.pending, settings_.drain_limit_s));
  return true;
}

// In an outage, with at least one attempt open by the gateway's word and at least one request hanging at the simulator.
bool DayRun::time_to_kill() {
  const Spell* hang = forecast_.active("hang", now_s());
  auto stats = read_stats(simulator_);
  if (!stats) return false;
  const std::int64_t hung = stats->weather["hang"] + stats->weather["late_apply"];
  if (hang == nullptr) {
    hung_before_ = hung;
    return false;
  }
  if (now_s() < hang->from_s + 0.4) return false;
  const auto status = watch_.look();
  const bool open = status && status->in_flight >= 1 && hung > hung_before_;
  return open || now_s() > hang->to_s - 0.5;  // better a kill that the rules reject for lack of open attempts than none
}

std::expected<void, std::string> DayRun::kill_and_restart() {
  killed_ = true;
  watch_.say(fmt::format("{:5.1f} s  kill -9 of the gateway: {} attempts in flight, {} pending, weather {}", now_s(),
                         watch_.last().in_flight, watch_.last().totals.pending, forecast_.at(now_s())));
  const std::int64_t killed_at = now_ms();
  stage_.kill_gateway();
  watch_.carry_over();
  ++evidence.counters.kills;
  std::this_thread::sleep_for(dead_for);
  if (auto ok = stage_.start_gateway(); !ok) return ok;
  evidence.gateway_down.emplace_back(killed_at, now_ms());
  const auto status = watch_.look();
  if (!status) return std::unexpected("the restarted gateway is ready, and does not answer /v1/status");
  evidence.counters.open_at_kill = status->open_attempts_at_start;
  watch_.say(fmt::format("{:5.1f} s  the gateway is back after {} ms; it found {} open attempts, {} pending", now_s(),
                         now_ms() - killed_at, status->open_attempts_at_start, status->totals.pending));
  return {};
}

// It is killed, or has ended by itself because a system call failed: the service manager starts it again.
std::expected<void, std::string> DayRun::die_and_return() {
  const std::int64_t died_at = now_ms();
  auto of = how_it_died(true);
  if (!of) return std::unexpected(of.error());
  const std::string what = *of;
  watch_.carry_over();
  std::this_thread::sleep_for(std::chrono::duration<double>(deaths_.rest_s()));
  if (auto ok = start_again(); !ok) return ok;
  evidence.gateway_down.emplace_back(died_at, now_ms());
  const auto status = watch_.look();
  // A fault may have come again before anybody could ask.
  if (status) evidence.counters.open_at_kill += status->open_attempts_at_start;
  watch_.say(fmt::format("{:5.1f} s  death {} of {}: {}; back after {} ms, {} open attempts found, next: {}", now_s(),
                         deaths_.died(), settings_.deaths, what, now_ms() - died_at,
                         status ? status->open_attempts_at_start : 0, deaths_.of_what()));
  return {};
}

// Ends it unless it has ended, and says what it died of. An end that nobody planned is an error.
std::expected<std::string, std::string> DayRun::how_it_died(bool serving) {
  const bool by_itself = !stage_.gateway_running();
  stage_.kill_gateway();
  ++evidence.counters.kills;
  // It may also have ended between the look and the kill.
  if (!by_itself && stage_.gateway_ending().signal == SIGKILL) return "kill -9";
  if (auto why = not_as_planned(stage_.gateway_ending(), deaths_.planned(), serving, stage_.gateway_words());
      !why.empty()) {
    return std::unexpected(std::move(why));
  }
  ++evidence.counters.faults;
  ++evidence.counters.by_fault[deaths_.planned().name()];
  return deaths_.of_what();
}

// A start that an injected failure ends is a death too; one that neither ends nor gets ready is not.
std::expected<void, std::string> DayRun::start_again() {
  while (true) {
    auto started = stage_.start_gateway(deaths_.tracer(stage_.data() / "gateway"));
    if (started || stage_.gateway_running()) return started;
    if (auto of = how_it_died(false); !of) return std::unexpected(of.error() + "\n" + started.error());
    watch_.say(fmt::format("{:5.1f} s  died at its start: {}", now_s(), deaths_.of_what()));
    deaths_.rest_s();
  }
}

std::expected<void, std::string> DayRun::collect() {
  evidence.people = settings_.people;
  evidence.calls = clinics_.history();
  HttpClient front(stage_.front_port());
  if (auto ok = fetch_custody(front, evidence); !ok) return ok;
  auto status = read_status(front, stage_.facilities().front().code);
  if (!status) return std::unexpected(status.error());
  watch_.look();
  evidence.totals = status->totals;
  if (auto ok = fetch_ledger(simulator_, evidence); !ok) return ok;
  auto stats = read_stats(simulator_);
  if (!stats) return std::unexpected(stats.error());
  stats_ = *stats;
  evidence.counters.unknown = watch_.unknown();
  evidence.counters.probes = watch_.probes();
  evidence.counters.outages = watch_.outages();
  evidence.counters.lost_replies = stats->lost_replies;
  evidence.counters.late_applies = stats->late_applies;
  return {};
}

int DayRun::conclude() {
  const Verdict verdict = check(evidence);
  auto broken =
      broken_rules(verdict, {.kill = settings_.kill, .deaths = settings_.deaths, .may_refuse = settings_.faults});
  if (!settings_.keep && !stage_.stop_gateway())
    broken.push_back("the gateway did not stop in order on SIGTERM: " + stage_.gateway_end());
  const bool passed = settings_.expect_violation ? violated(verdict) : broken.empty();
  if (!passed || settings_.keep) keep_evidence(stage_, evidence, verdict, settings_);
  if (!settings_.quiet || !passed) std::fputs(table(verdict, watch_.last(), stats_).c_str(), stdout);
  if (!verdict.findings.empty())
    std::fputs(("\n" + findings_text(verdict, settings_, passed ? 1 : 10)).c_str(), stdout);
  if (!passed && settings_.expect_violation) {
    fmt::print("\nthe checker caught nothing, and it had to\n{}", findings_text(verdict, settings_, 0));
  } else if (!passed) {
    for (const std::string& sentence : broken) fmt::print("not passed: {}\n", sentence);
    fmt::print("{}what is left of the run: {}\n", stage_.logs(), stage_.data().string());
  } else if (!settings_.quiet && !settings_.expect_violation) {
    fmt::print("  \"{}\"\n  \"{}\"\n\n{}", watch_.last().sentence_id, watch_.last().sentence_en,
               where_to_look(settings_, stage_, evidence));
  }
  fmt::print("{}\n", last_line(verdict));
  std::fflush(stdout);
  if (settings_.keep) {
    stage_.leave_running();
  } else if (passed && settings_.data.empty()) {
    stage_.stop_simulator();
    stage_.remove_data();
  }
  return passed ? 0 : 1;
}

std::expected<Forecast, std::string> forecast_for(const Settings& settings) {
  if (settings.weather.empty()) return built_in_weather(settings.seconds);
  std::ifstream file(settings.weather);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return std::unexpected("cannot read " + settings.weather.string());
  auto forecast = read_weather(text.str());
  if (!forecast) return std::unexpected(settings.weather.string() + ": " + forecast.error());
  return forecast;
}

}  // namespace

std::expected<int, std::string> run_day(const Settings& settings) {
  constexpr int not_possible_here = 77;
  if (const std::string why = settings.faults ? Deaths::why_no_faults() : std::string(); !why.empty()) {
    fmt::print("SKIPPED: {}\n", why);
    return not_possible_here;
  }
  auto forecast = forecast_for(settings);
  if (!forecast) return std::unexpected(forecast.error());
  auto stage = Stage::set_up(settings);
  if (!stage) return std::unexpected(stage.error());
  sampler::DayPlan plan;
  plan.seed = settings.seed;
  plan.people = settings.people;
  plan.sites.clear();
  for (const FacilityLogin& facility : stage->facilities()) plan.sites.push_back(facility.code);
  const auto today = national_day();
  plan.business_date = date_text(today);
  plan.length = milliseconds(std::llround(settings.seconds * 1000 * clinics_share_of_day));
  const auto day = sampler::make_day(plan);
  if (!day) return std::unexpected(day.error());

  DayRun run(settings, std::move(*stage), std::move(*forecast), *day);
  auto lived = run.live_through();
  if (lived) lived = run.collect();
  if (!lived) return std::unexpected(lived.error() + "\n" + run.logs());
  if (national_day() != today) {
    const auto midnight = today + std::chrono::days(1) - std::chrono::hours(7);
    run.evidence.midnight_unix_ms = milliseconds(midnight.time_since_epoch()).count();
  }
  return run.conclude();
}

}  // namespace titip::day
