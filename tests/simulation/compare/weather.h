// The weather that everybody is compared on: when people come, when the server is up, what it bears, and what goes
// wrong while it is not. Time starts at 08:00 of the first day, an hour into an outage. Plain data.
#pragma once

#include <chrono>
#include <cstdint>

namespace titip::compare {

using std::chrono::milliseconds;

struct Weather {
  std::uint64_t seed = 1;
  std::uint32_t days = 7;
  std::uint32_t facilities = 30;
  double per_second = 20;               // submissions, while people come
  milliseconds opens{0};                // people come from then on, each day
  milliseconds closes{10 * 3'600'000};  // and until then
  bool outages = true;
  std::uint32_t capacity = 50;  // requests of any kind in any one second; what comes above is answered 503
  // Poison: of all records so many are rejected, and so many hang the server until the time-out.
  double rejected = 0;
  double hanging = 0;
  // One facility sends so many records more, from `import_at` on.
  std::uint32_t import_records = 0;
  milliseconds import_at{10 * 60'000};
  double import_per_second = 500;

  static constexpr milliseconds hour{3'600'000};
  static constexpr milliseconds day = 24 * hour;
  // 10:00 of the last day: the server is up from then on.
  milliseconds last_outage_ends() const { return (days - 1) * day + 2 * hour; }
  // One hour up, three hours down.
  bool is_down(milliseconds at) const {
    return outages && at < last_outage_ends() && (at + hour) % (4 * hour) < 3 * hour;
  }
  bool people_come(milliseconds at) const { return at % day >= opens && at % day < closes; }
};

// Of all calls: what the server needs for an answer, and how long a caller waits for one.
inline constexpr milliseconds fastest{100};
inline constexpr milliseconds slowest{300};
inline constexpr milliseconds refusal_takes{20};
inline constexpr milliseconds time_out{30'000};

}  // namespace titip::compare
