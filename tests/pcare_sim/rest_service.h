// P-Care REST as its deployed clients know it: `pcare-rest` (since 2022), `pcare-rest-v3.0` (until 2021) and
// `antreanfktp`: who may call, what each call means, what is refused and in which words, which numbers are given. No
// sockets and no weather. One thread.
//
// From protocols the real service's clients follow: paths, envelope, encryption, the numbers' shapes, the texts of the
// refusals that chain calls. Ours, since no source shows them: what is said of the rest, the entries of lists beyond
// the field names, and that a second visit to the same policlinic on one day is taken (so that a duplicate is seen).
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tests/pcare_sim/consumers.h"
#include "tests/pcare_sim/replies.h"
#include "tests/pcare_sim/rest_ledger.h"
#include "tests/pcare_sim/rest_routes.h"

namespace titip::pcare_sim {

struct RestRules {
  std::chrono::minutes utc_offset = std::chrono::hours(7);
  std::function<WallTime()> now = [] { return std::chrono::system_clock::now(); };
  std::chrono::seconds signature_tolerance{300};  // either way
  std::size_t max_effects = 1'000'000;
};

struct RestRequest {
  Credentials credentials;
  std::string_view body;
};

class RestService {
 public:
  RestService(RestRules rules, std::vector<Consumer> consumers);

  Reply answer(const RestTarget& target, const RestRequest& request, const Circumstance& circumstance);

  // Other secrets or passwords from now on.
  void replace_consumers(std::vector<Consumer> consumers);
  void reset();  // forgets everything but the consumers

  const RestLedger& ledger() const { return ledger_; }
  const RestTotals& totals() const { return totals_; }

 private:
  // What there is to say before it is put into the envelope of the mount and sealed.
  struct Answer {
    int status = 200;
    int code = 200;
    std::string message = "OK";
    std::string response = "null";  // JSON
    bool plain = false;             // never encrypted
    bool empty = false;             // no body at all
  };
  struct Call {
    const RestTarget& target;
    std::string_view body;
    const Consumer& consumer;
    const Circumstance& circumstance;
  };

  static Answer refusal(std::string_view field, std::string_view message);
  static Answer created(std::string_view name, std::string_view number, bool in_array);
  static Answer list(std::size_t count, const std::string& members);
  static Answer paged(const std::vector<std::string>& entries, std::string_view start, std::string_view limit);

  Answer write(const Call& call);
  Answer change(const Call& call, const nlohmann::json& body);
  Answer register_patient(const Call& call, const nlohmann::json& body);
  Answer unregister_patient(const Call& call);
  Answer add_visit(const Call& call, const nlohmann::json& body);
  Answer change_visit(const Call& call, const nlohmann::json& body);
  Answer delete_visit(const Call& call);
  Answer add_item(const Call& call, const nlohmann::json& body);
  Answer change_item(const Call& call, const nlohmann::json& body);
  Answer delete_item(const Call& call);
  Answer add_group_activity(const Call& call);
  Answer with_group_activity(const Call& call, const std::string& number);
  Answer queue(const Call& call, const nlohmann::json& body);
  Answer duplicate();
  std::expected<Visit*, Answer> quoted_visit(const Call& call, const std::string& number);
  std::expected<Item*, Answer> quoted_item(const Call& call, const std::string& number, const std::string& visit);
  void apply(const Call& call, std::optional<Attendance> of, std::vector<NamedNumber> quoted,
             std::optional<NamedNumber> given = {});

  Answer read(const Call& call);
  Answer registration(const Call& call) const;
  Answer registrations(const Call& call) const;
  Answer visits_of_member(const Call& call) const;
  Answer items_of_visit(const Call& call);

  RestRules rules_;
  Consumers consumers_;
  RestLedger ledger_;
  RestTotals totals_;
  std::unordered_set<std::string> queued_;  // antrean: facility, day, policlinic, card
};

}  // namespace titip::pcare_sim
