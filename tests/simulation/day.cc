#include "tests/simulation/day.h"

#include <algorithm>

namespace titip::simulation {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds length = 24h;
constexpr milliseconds closing = 23h + 30min;
constexpr milliseconds patience = 1h;
constexpr int rounds_to_come_home = 18;
constexpr milliseconds round_lasts = 10min;
constexpr std::uint32_t most_steps_at_rest = 200'000;
constexpr std::uint32_t facilities = 12;

}  // namespace

Day::Day(DayOptions options, const storage::Sealer& sealer)
    : options_(options),
      sealer_(sealer),
      started_(clock_.steady()),
      random_(options.seed, 1),
      last_fault_(std::chrono::minutes(random_.between(15 * 60, 20 * 60))),
      findings_(clock_, options.tracing),
      agenda_(clock_),
      repeats_people_(random_.chance(0.2)),
      maximum_age_(random_.chance(0.4) ? std::optional<milliseconds>(2h) : std::nullopt),
      records_(
          findings_,
          {.may_repeat = [this](const Form& form) { return repeats_people_ && form.route.starts_with("sasaran/"); },
           .maximum_age = maximum_age_,
           .served = [this](const std::string& facility) { return stage_.served(facility); }}),
      national_(clock_, agenda_, records_, findings_, Weather(random_, last_fault_),
                {.honours_keys = repeats_people_ && options.control != Control::no_probe, .slow = random_.chance(0.2)},
                options.seed),
      stage_({.seed = options.seed,
              .control = options.control,
              .repeats_people = repeats_people_,
              .parks_edits = random_.chance(0.15),
              .maximum_age = maximum_age_,
              .facilities = facilities,
              .marks_ahead = options.seed % 3 == 0 ? 8U : 0U,
              .without_reason = random_.chance(0.3) ? "F003" : ""},
             clock_, agenda_, national_, records_, findings_, sealer_),
      clinics_(options.seed, facilities, clock_, agenda_, stage_, records_, findings_),
      officers_(options.seed, national_, stage_, records_) {}

milliseconds Day::since_start() const {
  return std::chrono::duration_cast<milliseconds>(clock_.steady() - started_);
}

milliseconds Day::any_time(milliseconds until) {
  return milliseconds(1 + random_.below(static_cast<std::uint32_t>(until.count())));
}

void Day::come_up_later() {
  const auto down = random_.chance(0.5) ? any_time(2s) : any_time(10min);
  agenda_.in(down, [this] {
    if (!stage_.alive()) stage_.start();
  });
}

void Day::crash() {
  ++crashes_;
  steps_to_live_.reset();
  stage_.die();
  clinics_.gateway_died();
  come_up_later();
}

void Day::plan_deaths() {
  const auto deaths = random_.between(2, 12);
  for (std::uint32_t i = 0; i < deaths; ++i) {
    agenda_.in(any_time(last_fault_), [this] {
      if (!stage_.alive()) return;
      const auto dice = random_.below(100);
      if (dice < 60)
        steps_to_live_ = random_.below(40);
      else
        stage_.kv().die_at_next_commit(dice < 80);
    });
  }
}

void Day::plan_store_trouble() {
  for (auto i = random_.below(6); i > 0; --i) {
    agenda_.in(any_time(last_fault_ - 2min), [this] {
      if (!stage_.alive()) return;
      const auto life = stage_.lives;
      auto& store = stage_.store();
      if (random_.chance(0.5))
        store.stumbles = 0.3;
      else
        store.busy = random_.chance(0.5) ? storage::Error::unavailable : storage::Error::overloaded;
      findings_.trace("the store takes {} for a while", store.busy ? "nothing" : "not all");
      agenda_.in(any_time(90s), [this, life] {
        if (!stage_.alive() || stage_.lives != life) return;
        stage_.store().busy.reset();
        stage_.store().stumbles = 0;
      });
    });
  }
  for (auto i = random_.below(8); i > 0; --i) {
    agenda_.in(any_time(last_fault_), [this] {
      if (stage_.alive()) stage_.store().accept_in_doubt = random_.chance(0.5);
    });
  }
}

// A write to the disk fails: whoever waits for it does not know whether it lasts, and the process ends itself.
void Day::plan_bad_writes() {
  for (auto i = random_.below(4); i > 0; --i) {
    agenda_.in(any_time(last_fault_), [this] {
      if (stage_.alive()) stage_.kv().fail_next_commit(random_.chance(0.5));
    });
  }
}

void Day::plan_served_time() {
  for (const auto& spell : national_.spells())
    for (const auto at : {spell.from, spell.until}) agenda_.in(at, [this] { stage_.count_served(); });
}

// The national server refuses a facility's credentials, until somebody logs in anew.
void Day::plan_lockouts() {
  for (auto i = random_.below(4); i > 0; --i) {
    const auto facility = fmt::format("F{:03}", random_.below(facilities));
    const auto from = any_time(last_fault_ - 3h);
    agenda_.in(from, [this, facility] {
      findings_.trace("the national server locks {} out", facility);
      national_.locked_out.insert(facility);
    });
    agenda_.in(from + any_time(3h), [this, facility] {
      findings_.trace("{} is let in again, and logs in", facility);
      national_.locked_out.erase(facility);
      stage_.renew_login(facility);
    });
  }
}

void Day::plan_gates() {
  for (auto i = random_.below(4); i > 0; --i) {
    const auto facility = random_.chance(0.3) ? std::string() : fmt::format("F{:03}", random_.below(facilities));
    agenda_.in(any_time(last_fault_), [this, facility] { stage_.shut(facility); });
  }
}

// The disk is lost, and the backup put back: without what was accepted since.
void Day::plan_restore() {
  const bool happens = random_.chance(0.12) || options_.control == Control::restore_that_requeues;
  if (!happens) return;
  const auto taken = any_time(last_fault_ - 5h);
  agenda_.in(taken, [this] {
    findings_.trace("a backup is taken");
    if (!stage_.kv().dead()) backup_ = stage_.kv().copy();
  });
  agenda_.in(taken + 10min + any_time(4h), [this] {
    if (!backup_) return;
    if (stage_.alive()) crash();
    stage_.restore(*backup_, random_.chance(0.5));
  });
}

void Day::plan_officers() {
  const auto acts = random_.between(100, 300);
  for (std::uint32_t i = 0; i < acts; ++i)
    agenda_.in(any_time(closing), [this] {
      if (stage_.alive()) officers_.one_act();
    });
}

// Whatever can happen without time passing. The gateway may die at any step of it.
void Day::run_now() {
  for (std::uint32_t steps = 0; !findings_.any(); ++steps) {
    if (agenda_.run_due()) continue;
    if (!stage_.step()) {
      if (!stage_.must_stop()) return;
      crash();  // it has nothing left to do but to end
      continue;
    }
    ++steps_;
    if (stage_.must_stop() && !steps_to_live_) steps_to_live_ = random_.below(40);
    const bool dies = stage_.kv().dead() || (steps_to_live_ && (*steps_to_live_)-- == 0);
    if (dies) crash();
    if (steps > most_steps_at_rest) return findings_.violated("rest", "the gateway spins without time passing");
  }
}

void Day::run_until(milliseconds time) {
  const auto end = started_ + time;
  while (!findings_.any()) {
    run_now();
    auto next = agenda_.next();
    if (const auto timer = stage_.next(); timer && (!next || *timer < *next)) next = timer;
    if (!next || *next > end) break;
    if (*next > clock_.steady()) clock_.advance(std::chrono::ceil<milliseconds>(*next - clock_.steady()));
  }
  if (end > clock_.steady()) clock_.advance(std::chrono::ceil<milliseconds>(end - clock_.steady()));
}

// The last fault lies hours back. Whoever still waits must wait for a person; and when people have decided everything,
// nothing is left.
void Day::bring_home() {
  records_.judge_rest([&](const Form& form) { return stage_.is_gated(form.facility); }, patience);
  for (int round = 0; round < rounds_to_come_home && !findings_.any(); ++round) {
    stage_.resume_all();
    const bool held = officers_.decide_all();
    run_until(since_start() + round_lasts);
    if (!held && records_.pending() == 0) break;
  }
  if (findings_.any()) return;
  stage_.look_at_everything();
  records_.judge_the_end();
  for (const auto& form : records_.forms())
    if (!form->acknowledged && !form->misuse && !form->refused && !form->excused)
      findings_.violated("liveness", form->token + " was sent again and again and never acknowledged");
}

DayResult Day::run() {
  plan_deaths();
  plan_store_trouble();
  plan_bad_writes();
  plan_served_time();
  plan_lockouts();
  plan_gates();
  plan_restore();
  plan_officers();
  stage_.start();
  clinics_.open(random_.between(1'100, 1'400), closing);
  for (auto time = milliseconds(4h); time <= length && !findings_.any(); time += 4h) {
    run_until(time);
    if (!findings_.any()) stage_.look_at_everything();
  }
  if (!findings_.any()) bring_home();

  DayResult result;
  if (findings_.any()) {
    result.promise = findings_.first()->promise;
    result.words = findings_.first()->words;
  }
  result.simulated_ms = static_cast<std::uint64_t>(since_start().count());
  result.submissions = records_.ever_accepted();
  result.crashes = crashes_;
  result.unknown = records_.times_unknown();
  result.probes = national_.reads;
  result.writes = national_.writes;
  result.steps = steps_;
  result.moves.assign(records_.moves_made().begin(), records_.moves_made().end());
  result.trace.assign(findings_.lines().begin(), findings_.lines().end());
  return result;
}

}  // namespace titip::simulation
