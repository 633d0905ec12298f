// The timetable of one vaccination day: who comes when to which site, and the calls the site's app makes for them.
// Every person is registered and, some minutes later, gets a dose. Some doses are second doses, some people are
// postponed by the screening and get their dose later that day, a few doses are entered wrongly and must end rejected
// by the national server; the clinic corrects exactly one of those. Deterministic from the seed. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "tests/sampler/person.h"

namespace titip::sampler {

struct DayPlan {
  std::uint64_t seed = 1;
  std::uint32_t people = 2'000;                                                    // 3 … max_people
  std::vector<std::string> sites{"0905R001", "0905R002", "0905R003", "0905R004"};  // facility codes
  std::string business_date;                                                       // YYYY-MM-DD: tglVaksin of the day
  std::chrono::milliseconds length = std::chrono::hours(8);                        // at least 1 s
  std::uint32_t second_dose_percent = 10;
  std::uint32_t postponed_percent = 5;
  std::uint32_t dirty_percent = 1;  // but never fewer than three people
};

enum class CallKind : std::uint8_t {
  registration,     // POST /sasaran/simpan
  dose,             // POST /vaksin/simpan
  postponed,        // POST /vaksin/simpan, skrining.hasil "tunda", no vaccine
  given_after_all,  // PUT /vaksin/ubah of a postponed one, the same day, "lanjut"
  unknown_vaccine,  // POST /vaksin/simpan that the server must reject
  impossible_date,  // POST /vaksin/simpan that the server must reject
};

struct Call {
  std::chrono::milliseconds at{0};  // since the day's start; the calls of a day are in this order
  std::string facility;             // the same for all calls of a person
  std::uint32_t person = 0;         // index into Day::people
  CallKind kind = CallKind::registration;
  std::string method;
  std::string path;  // below the service's base: "/vaksin/simpan"
  std::string body;
  std::optional<std::uint32_t> previous;  // index into Day::calls: the person's call that must come first
  bool ends_rejected = false;
  // On exactly one call of the day: once the rejection is known, the clinic sends `corrected_body` (same method and
  // path).
  bool corrected_after_rejection = false;
  std::string corrected_body;
};

struct Day {
  std::vector<Person> people;
  std::vector<Call> calls;
};

// The error says which part of the plan is wrong.
std::expected<Day, std::string> make_day(const DayPlan& plan);

}  // namespace titip::sampler
