#include "tests/sampler/day.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

#include "tests/sampler/bodies.h"
#include "tests/sampler/random.h"

namespace titip::sampler {
namespace {

constexpr std::array<std::string_view, 3> vaccines{"1", "2", "3"};  // codes of referensi/jenisvaksin
constexpr std::uint64_t plan_stream = ~std::uint64_t{0};            // no person has this stream

enum class Course : std::uint8_t { plain, postponed, unknown_vaccine, impossible_date };

struct Visit {
  Course course = Course::plain;
  bool second_dose = false;
  bool corrected = false;
  std::uint32_t site = 0;
};

bool looks_like_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9')) return false;
  const auto two = [&](std::size_t i) { return static_cast<unsigned>((text[i] - '0') * 10 + (text[i + 1] - '0')); };
  return std::chrono::year_month_day{std::chrono::year{static_cast<int>(two(0) * 100 + two(2))},
                                     std::chrono::month{two(5)}, std::chrono::day{two(8)}}
      .ok();
}

std::optional<std::string> fault(const DayPlan& plan) {
  if (plan.people < 3 || plan.people > max_people)
    return fmt::format("people must be 3 to {}, not {}", max_people, plan.people);
  if (plan.sites.empty()) return "there must be at least one site";
  if (!looks_like_date(plan.business_date))
    return fmt::format("business_date must be a date like 2021-08-16, not '{}'", plan.business_date);
  if (plan.length < std::chrono::seconds(1)) return "length must be at least 1 s";
  if (plan.second_dose_percent > 100 || plan.postponed_percent + plan.dirty_percent > 100)
    return "the shares must not exceed 100 percent";
  return std::nullopt;
}

// Shares are exact, not drawn: a day of 2,000 has 100 postponed people, whatever the seed.
std::vector<Visit> cast_visits(const DayPlan& plan, Random& random) {
  const auto share = [&](std::uint32_t percent) {
    return static_cast<std::uint32_t>(std::uint64_t{plan.people} * percent / 100);
  };
  const std::uint32_t dirty = std::max(3U, share(plan.dirty_percent));
  const std::uint32_t postponed = std::min(share(plan.postponed_percent), plan.people - dirty);

  std::vector<std::uint32_t> order(plan.people);
  std::iota(order.begin(), order.end(), 0U);
  std::vector<Visit> visits(plan.people);
  random.shuffle(order);
  for (std::uint32_t i = 0; i < dirty; ++i)
    visits[order[i]].course = i % 2 == 0 ? Course::unknown_vaccine : Course::impossible_date;
  visits[order[0]].corrected = true;
  for (std::uint32_t i = dirty; i < dirty + postponed; ++i) visits[order[i]].course = Course::postponed;
  random.shuffle(order);
  for (std::uint32_t i = 0; i < share(plan.second_dose_percent); ++i) visits[order[i]].second_dose = true;
  for (auto& visit : visits) visit.site = random.below(static_cast<std::uint32_t>(plan.sites.size()));
  return visits;
}

// Writes the calls of one person; `previous` is filled in once the whole day is sorted.
class Desk {
 public:
  Desk(const DayPlan& plan, Random& random, std::vector<Call>& calls) : plan_(plan), random_(random), calls_(calls) {
    impossible_date_ = plan.business_date.substr(0, 4) + "-02-30";
  }

  void serve(const Person& person, const Visit& visit) {
    const std::string& site = plan_.sites[visit.site];
    auto at = part(0, 850);
    add(person, site, at, CallKind::registration, "POST", "/sasaran/simpan", registration_body(person));
    at += part(10, 50);  // 5 to 24 minutes of an eight-hour day
    const std::string batch = fmt::format("UJI{:04}", random_.below(10'000));
    const std::string pressure = fmt::format("{}/{}", random_.between(105, 145), random_.between(65, 95));
    Dose dose{.facility = site,
              .date = plan_.business_date,
              .number = visit.second_dose ? 2 : 1,
              .vaccine = vaccines[random_.below(vaccines.size())],
              .batch = batch,
              .temperature_tenths = static_cast<int>(random_.between(358, 371)),
              .blood_pressure = pressure};
    const std::string right = dose_body(person, dose);
    switch (visit.course) {
      case Course::plain:
        add_dose(person, site, at, CallKind::dose, right);
        break;
      case Course::postponed: {
        Dose none = dose;
        none.vaccine = none.batch = "";
        none.screening = "tunda";
        add_dose(person, site, at, CallKind::postponed, dose_body(person, none));
        at += part(10, 90);
        add(person, site, at, CallKind::given_after_all, "PUT", "/vaksin/ubah", right);
        break;
      }
      case Course::unknown_vaccine:
        dose.vaccine = "99";
        add_dose(person, site, at, CallKind::unknown_vaccine, dose_body(person, dose));
        break;
      case Course::impossible_date:
        dose.date = impossible_date_;
        add_dose(person, site, at, CallKind::impossible_date, dose_body(person, dose));
        break;
    }
    if (visit.corrected) {
      calls_.back().corrected_after_rejection = true;
      calls_.back().corrected_body = right;
    }
  }

 private:
  // Between first and last thousandths of the day.
  std::chrono::milliseconds part(std::uint32_t first, std::uint32_t last) {
    const auto thousandth = static_cast<std::uint64_t>(plan_.length.count());
    const std::uint64_t draw = random_.between(first * 1'000, last * 1'000);
    return std::chrono::milliseconds(thousandth * draw / 1'000'000);
  }

  void add(const Person& person, const std::string& site, std::chrono::milliseconds at, CallKind kind,
           std::string_view method, std::string_view path, std::string body) {
    Call call;
    call.at = at;
    call.facility = site;
    call.person = person.index;
    call.kind = kind;
    call.method = method;
    call.path = path;
    call.body = std::move(body);
    call.ends_rejected = kind == CallKind::unknown_vaccine || kind == CallKind::impossible_date;
    calls_.push_back(std::move(call));
  }

  void add_dose(const Person& person, const std::string& site, std::chrono::milliseconds at, CallKind kind,
                std::string body) {
    add(person, site, at, kind, "POST", "/vaksin/simpan", std::move(body));
  }

  const DayPlan& plan_;
  Random& random_;
  std::vector<Call>& calls_;
  std::string impossible_date_;
};

}  // namespace

std::expected<Day, std::string> make_day(const DayPlan& plan) {
  if (auto wrong = fault(plan)) return std::unexpected(*std::move(wrong));
  Random random(plan.seed, plan_stream);
  const auto visits = cast_visits(plan, random);
  Day day;
  day.people.reserve(plan.people);
  for (std::uint32_t i = 0; i < plan.people; ++i) day.people.push_back(make_person(plan.seed, i));
  Desk desk(plan, random, day.calls);
  for (std::uint32_t i = 0; i < plan.people; ++i) desk.serve(day.people[i], visits[i]);

  // Kinds are listed in the order of a person's steps, which decides within one millisecond.
  std::ranges::sort(day.calls, {}, [](const Call& call) { return std::tuple(call.at, call.person, call.kind); });
  std::vector<std::optional<std::uint32_t>> last(plan.people);
  for (std::uint32_t i = 0; i < day.calls.size(); ++i) {
    Call& call = day.calls[i];
    call.previous = std::exchange(last[call.person], i);
  }
  return day;
}

}  // namespace titip::sampler
