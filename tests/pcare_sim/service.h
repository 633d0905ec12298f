// The partner service itself: what each call means, what is refused and in which words, and what is written down. No
// sockets and no weather; those decide whether and when a call gets here. One thread.
//
// From protocols the real service's clients follow: the paths, the envelope, the rules of the desk (same facility, in
// order, "postponed" editable until 23:59 of that day, another date needs a reason). Ours, since nobody published it:
// the body of vaksin/*, the success replies, the wording of most refusals.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/digest.h"
#include "tests/pcare_sim/facilities.h"
#include "tests/pcare_sim/form.h"
#include "tests/pcare_sim/ledger.h"
#include "tests/pcare_sim/replies.h"
#include "tests/pcare_sim/totals.h"

namespace titip::pcare_sim {

struct ServiceRules {
  std::chrono::minutes utc_offset = std::chrono::hours(7);
  std::function<WallTime()> now = [] { return std::chrono::system_clock::now(); };
  bool honour_idempotency_key = false;  // the real server ignores it
  bool refuse_duplicates = false;       // a save that repeats the current values: "Peserta sudah di-entri"
  bool accept_unregistered = false;     // doses without a sasaran/simpan before them; for benchmarks
  std::size_t max_effects = 20'000'000;
};

enum class Endpoint : std::uint8_t {
  log_in,
  person_by_nik,
  person_search,
  person_save,
  person_update,
  dose_save,
  dose_update,
  doses_by_ticket,
  doses_by_date,
  reference,
  wrong_method,
  missing,
};

struct Target {
  Endpoint endpoint = Endpoint::missing;
  std::vector<std::string> parameters;  // decoded, in the path's order
  std::string_view query;
  bool write() const { return endpoint >= Endpoint::person_save && endpoint <= Endpoint::dose_update; }
};

// `path_and_query` below the base, without its leading slash.
Target find_target(std::string_view method, std::string_view path_and_query);

struct Request {
  std::string_view facility;         // x-kdppk
  std::string_view idempotency_key;  // empty: none
  std::string_view body;
};

class Service {
 public:
  Service(ServiceRules rules, std::vector<Facility> facilities);

  Reply answer(const Target& target, const Request& request, const Circumstance& circumstance);

  // Ends the log-in and says so, in the words clients look for.
  Reply expire_log_in(std::string_view facility);

  // Forgets everything but the facilities, whom it logs out.
  void reset();

  // Every effect from now on is appended as a line of JSON. The file stays the caller's and must outlive the service.
  void log_effects_to(std::FILE* file) { effect_log_ = file; }

  const Ledger& ledger() const { return *ledger_; }
  const Totals& totals() const { return totals_; }
  Totals& totals() { return totals_; }
  std::chrono::minutes utc_offset() const { return rules_.utc_offset; }

 private:
  Reply log_in(const Request& request);
  Reply person_by_nik(const Target& target, std::string_view facility) const;
  Reply person_search(const Target& target, std::string_view facility) const;
  Reply doses_by_ticket(const Target& target, std::string_view facility) const;
  Reply doses_by_date(const Target& target, std::string_view facility) const;
  Reply write(Endpoint endpoint, const Request& request, const Circumstance& circumstance);
  Reply save_person(Verb verb, const Request& request, const Circumstance& circumstance);
  Reply save_dose(Verb verb, const Request& request, const Circumstance& circumstance);
  std::optional<Reply> register_fault(Verb verb, const Form& form, const NaturalKey& key, const Entry* known) const;
  bool repeats(const Entry& known, std::string_view body);
  Reply apply(Verb verb, const Request& request, const Circumstance& circumstance, Change change);

  ServiceRules rules_;
  Desk desk_;
  std::unique_ptr<Ledger> ledger_;
  Totals totals_;
  Digest digest_;
  std::unordered_map<std::string, Reply> answered_;  // by facility and key, when the key is honoured
  std::FILE* effect_log_ = nullptr;
};

}  // namespace titip::pcare_sim
