// What P-Care REST holds and how it came to hold it: every effect with the number it was given and the numbers it
// quoted, and what those stand for. The oracle of the runs with deployed clients; nothing here comes from the gateway.
// Invariant: effects are only appended; a number is given once. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/pcare_sim/ledger.h"
#include "tests/pcare_sim/rest_routes.h"

namespace titip::pcare_sim {

// A person's registration at one policlinic on one day.
struct Attendance {
  std::string facility;
  std::string card;        // noKartu
  std::string date;        // tglDaftar, dd-MM-yyyy
  std::string policlinic;  // kdPoli
  friend bool operator==(const Attendance&, const Attendance&) = default;
};

struct NamedNumber {
  std::string name;  // "noUrut"
  std::string number;
};

struct RestEffect {
  WallTime at;
  Mount mount = Mount::rest;
  RestEndpoint endpoint = RestEndpoint::missing;
  std::string_view method;
  std::string_view route;
  std::string path;  // as it came
  std::string body;  // as it came
  std::string facility;
  std::optional<NamedNumber> given{};
  std::vector<NamedNumber> quoted{};
  std::optional<Attendance> of{};  // whose it is: of what the quoted number stands for
  Circumstance circumstance{};
};

struct Registration {
  Attendance attendance;
  std::string number;  // noUrut
  std::string body;
  bool there = true;
};

struct Visit {
  Attendance attendance;
  std::string number;  // noKunjungan
  std::string body;
  bool there = true;
};

// A drug, an action, a check-up of a visit.
struct Item {
  RestEndpoint made_by = RestEndpoint::add_drug;
  std::string number;  // kdObatSK, kdTindakanSK, kdMCU
  std::string visit;
  std::string body;
  bool there = true;
};

struct RestTotals {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t effects = 0;
  std::uint64_t rejected = 0;
  std::uint64_t duplicates_refused = 0;
  std::uint64_t unauthorized = 0;
  std::uint64_t unauthorized_writes = 0;  // of them
  std::uint64_t dangling_references = 0;  // requests that quote a number never given
  std::uint64_t lost_replies = 0;
  std::uint64_t late_applies = 0;

  std::string json() const;
};

class RestLedger {
 public:
  // Gives the number and keeps the registration. Its attendance has none there.
  const Registration& enter(Attendance attendance, std::string_view body);
  Registration* registration(const Attendance& attendance);
  // A day's, in the order of their numbers, gone ones left out.
  std::vector<const Registration*> day(std::string_view facility, std::string_view date) const;

  const Visit& enter_visit(Attendance attendance, std::string_view body);
  Visit* visit(std::string_view number);
  // Of a person at any facility, newest first, gone ones left out.
  std::vector<const Visit*> visits_of(std::string_view card) const;

  const Item& enter_item(RestEndpoint made_by, std::string_view visit, std::string_view body);
  Item* item(RestEndpoint made_by, std::string_view number);
  std::vector<const Item*> items_of(RestEndpoint made_by, std::string_view visit) const;

  void apply(RestEffect effect);
  std::size_t effect_count() const { return effects_.size(); }
  std::string effects_json(std::uint32_t after, std::uint32_t limit) const;

 private:
  std::deque<Registration> registrations_;
  std::unordered_map<std::string, std::size_t> by_attendance_;  // the newest
  std::unordered_map<std::string, std::vector<std::size_t>> by_day_;
  std::unordered_map<std::string, std::uint32_t> queue_numbers_;
  std::deque<Visit> visits_;
  std::unordered_map<std::string, std::size_t> by_visit_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_card_;
  std::unordered_map<std::string, std::uint32_t> visit_numbers_;
  std::deque<Item> items_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_items_visit_;
  std::deque<RestEffect> effects_;
};

}  // namespace titip::pcare_sim
