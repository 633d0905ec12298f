// An honest day of two people, for the tests of the checker to bend.
#pragma once

#include <cstdint>
#include <string>

#include "tests/day/evidence.h"

namespace titip::day {

inline Try queued(std::int64_t at, const std::string& id) {
  return {.started_ms = at,
          .ended_ms = at + 10,
          .answer = Answer::ok,
          .connected = true,
          .http_status = 201,
          .submission_id = id,
          .receipt = "R-" + id,
          .replayed = false,
          .national_answer = false,
          .words = "queued"};
}

inline Try no_answer(std::int64_t at, std::int64_t took) {
  return {.started_ms = at,
          .ended_ms = at + took,
          .answer = Answer::unknown,
          .connected = true,
          .http_status = 0,
          .submission_id = "",
          .receipt = "",
          .replayed = false,
          .national_answer = false,
          .words = "reset"};
}

inline Call make_call(std::size_t person, std::size_t step, const std::string& id) {
  Call call;
  call.person = person;
  call.step = step;
  call.facility = "0905R001";
  call.route = step == 0 ? "sasaran/simpan" : "vaksin/simpan";
  call.entity = (step == 0 ? "person " : "dose ") + std::to_string(person);
  call.values = "values of " + id;
  call.body_sha256 = "hash of " + id;
  call.patched_sha256 = {"patched hash of " + id};
  call.idempotency_key = "key-" + id;
  call.tries = {queued(static_cast<std::int64_t>(person * 1000 + step * 100), id)};
  return call;
}

// Submissions A (person 0: registration), B (dose), C (person 1: registration), D (dose, dirty).
inline Evidence honest_day() {
  Evidence day;
  day.people = 2;
  day.calls = {make_call(0, 0, "A"), make_call(0, 1, "B"), make_call(1, 0, "C"), make_call(1, 1, "D")};
  day.calls[3].dirty = true;
  std::uint64_t order = 0;
  for (const Call& call : day.calls) {
    const std::string id = call.tries[0].submission_id;
    const bool rejected = call.dirty;
    day.custody[id] = {.found = true,
                       .state = rejected ? "rejected" : "delivered",
                       .receipt = "R-" + id,
                       .rule = "r",
                       .words = rejected ? "jenisVaksin tidak dikenal" : "ok",
                       .timeline = {}};
    if (rejected) continue;
    day.effects.push_back({.order = ++order,
                           .facility = call.facility,
                           .route = call.route,
                           .entity = call.entity,
                           .body_sha256 = call.body_sha256,
                           .idempotency_key = id,
                           .when = "09:00"});
    day.final_values[call.entity] = call.values;
  }
  day.totals.accepted = 4;
  day.totals.delivered = 3;
  day.totals.rejected = 1;
  day.counters = {
      .unknown = 1, .probes = 1, .outages = 3, .open_at_kill = 1, .kills = 1, .lost_replies = 1, .late_applies = 1};
  day.logins = {{.facility = "0905R001", .when = "in the morning", .ok = true, .words = "ok"}};
  return day;
}

inline constexpr std::int64_t midnight = 1'629'133'200'000;  // 2021-08-17 00:00 WIB

// The dose of person 0 is rejected by everybody's word.
inline void reject_b(Evidence& day) {
  day.custody["B"].state = "rejected";
  --day.totals.delivered;
  ++day.totals.rejected;
  day.effects.erase(day.effects.begin() + 1);
  day.final_values.erase("dose 0");
}

inline Effect again(const Evidence& day, std::size_t index, const std::string& key) {
  Effect effect = day.effects[index];
  effect.order = day.effects.size() + 1;
  effect.idempotency_key = key;
  return effect;
}

}  // namespace titip::day
