// Who comes when: the same records at the same times for everybody who is compared, from the seed. One thread.
#pragma once

#include <cmath>
#include <optional>

#include "tests/sampler/random.h"
#include "tests/simulation/compare/weather.h"

namespace titip::compare {

struct Arrival {
  milliseconds at{0};
  std::uint32_t record = 0;
  bool imported = false;
};

class People {
 public:
  explicit People(const Weather& weather) : weather_(weather), random_(weather.seed, 22) {
    at_ = static_cast<double>(weather.opens.count());
    import_at_ = static_cast<double>(weather.import_at.count());
    step();
  }

  // In the order of time; nothing: nobody comes any more.
  std::optional<Arrival> next() {
    const auto ends = static_cast<double>((weather_.days * Weather::day).count());
    const bool import = imported_ < weather_.import_records && import_at_ <= at_;
    if (!import && at_ >= ends) return std::nullopt;
    const Arrival made{milliseconds(static_cast<std::int64_t>(import ? import_at_ : at_)), next_++, import};
    if (import) {
      ++imported_;
      import_at_ += 1000.0 / weather_.import_per_second;
    } else {
      step();
    }
    return made;
  }

 private:
  void step() {
    const double uniform = static_cast<double>((random_.next() >> 11U) + 1) * 0x1.0p-53;
    at_ += -std::log(uniform) * 1000.0 / weather_.per_second;
    const milliseconds now(static_cast<std::int64_t>(at_));
    if (weather_.people_come(now)) return;
    const auto day = now / Weather::day + (now % Weather::day < weather_.opens ? 0 : 1);
    at_ = static_cast<double>((day * Weather::day + weather_.opens).count());
  }

  const Weather& weather_;
  sampler::Random random_;
  double at_ = 0;
  double import_at_ = 0;
  std::uint32_t imported_ = 0;
  std::uint32_t next_ = 0;
};

// The facility a record comes from; the importing one is the last.
inline std::uint32_t facility_of(const Weather& weather, const Arrival& arrival) {
  return arrival.imported ? weather.facilities : arrival.record % weather.facilities;
}

}  // namespace titip::compare
