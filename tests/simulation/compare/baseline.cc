#include "tests/simulation/compare/baseline.h"

#include <algorithm>
#include <vector>

#include "tests/simulation/compare/people.h"

namespace titip::compare {
namespace {

constexpr milliseconds tick{10};
constexpr milliseconds every{10'000};
constexpr milliseconds first{1'000};
constexpr milliseconds longest{600'000};

// Events in a ring of ticks: there are billions of them.
class Wheel {
 public:
  Wheel() : slots_(size) {}
  void put(milliseconds now, milliseconds after, std::uint32_t what) {
    const auto ticks = std::clamp<std::int64_t>((after + tick - milliseconds(1)) / tick, 1, size - 1);
    slots_[static_cast<std::size_t>((now / tick + ticks) % size)].push_back(what);
  }
  std::vector<std::uint32_t> take(milliseconds now) {
    return std::exchange(slots_[static_cast<std::size_t>(now / tick % size)], {});
  }

 private:
  static constexpr std::int64_t size = 1 << 17;  // of ticks: 20 minutes
  std::vector<std::vector<std::uint32_t>> slots_;
};

// Half of the last hundred calls failed: nothing for 30 s, then one call that decides.
class SimpleBreaker {
 public:
  bool admits(milliseconds now) {
    if (!open_) return true;
    if (now < until_ || trying_) return false;
    trying_ = true;
    return true;
  }
  void heard(bool served, milliseconds now) {
    if (open_) {
      if (!trying_) return;  // started before it opened
      trying_ = false;
      if (served) {
        open_ = false;
        calls_ = failures_ = 0;
      } else {
        until_ = now + pause;
      }
      return;
    }
    ++calls_;
    if (!served) ++failures_;
    if (calls_ >= 100 && failures_ * 2 >= calls_) {
      open_ = true;
      until_ = now + pause;
    }
    if (calls_ >= 100) calls_ = failures_ = 0;
  }

 private:
  static constexpr milliseconds pause{30'000};
  bool open_ = false;
  bool trying_ = false;
  milliseconds until_{0};
  std::uint32_t calls_ = 0;
  std::uint32_t failures_ = 0;
};

struct Loop {
  Loop(Manner how, const Weather& the_weather)
      : manner(how),
        weather(the_weather),
        server(weather),
        course(weather, server),
        people(weather),
        random(weather.seed, 24) {}

  milliseconds wait(std::uint32_t record) {
    if (manner == Manner::fixed) return every;
    const auto most = std::min(longest, first * (1 << std::min<std::uint32_t>(steps[record], 12)));
    return milliseconds(1 + random.below(static_cast<std::uint32_t>(most.count())));
  }

  // A call is one event, or, where somebody listens to how it ended, two.
  void due(std::uint32_t record, milliseconds now) {
    if (heard_later[record] != 0) {
      const auto served = heard_later[record] == 2;
      heard_later[record] = 0;
      breaker.heard(served, now);
      if (served) return course.delivered(record, now);
      ++steps[record];
      return wheel.put(now, wait(record), record);
    }
    // To the retry around it, a breaker that refuses is a try that failed.
    if (manner == Manner::breaker && !breaker.admits(now)) {
      ++steps[record];
      return wheel.put(now, wait(record), record);
    }
    const auto reaction = server.arrive(Call::write, record, now);
    const bool served = reaction.fate == Fate::served;
    if (manner == Manner::breaker) {
      heard_later[record] = served ? 2 : 1;
      return wheel.put(now, reaction.after, record);
    }
    if (served) return course.delivered(record, now + reaction.after);
    ++steps[record];
    wheel.put(now, reaction.after + wait(record), record);
  }

  Figures run() {
    auto next = people.next();
    const auto end = weather.days * Weather::day + 12 * Weather::hour;
    for (milliseconds now{0}; now < end && (next || course.pending() > 0); now += tick) {
      for (; next && next->at <= now; next = people.next()) {
        steps.resize(next->record + 1);
        heard_later.resize(next->record + 1);
        course.accepted(next->record, now);
        wheel.put(now, tick, next->record);
      }
      for (const auto record : wheel.take(now)) due(record, now);
    }
    return course.figures();
  }

  Manner manner;
  const Weather& weather;
  Server server;
  Course course;
  People people;
  sampler::Random random;
  Wheel wheel;
  SimpleBreaker breaker;
  std::vector<std::uint8_t> steps;
  std::vector<std::uint8_t> heard_later;  // 1: a call is under way and fails, 2: and is served
};

}  // namespace

Figures run_baseline(Manner manner, const Weather& weather) {
  return Loop(manner, weather).run();
}

}  // namespace titip::compare
