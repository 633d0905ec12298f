// What proves a facility where the protocol itself does not: a code in a header names somebody and proves nothing. Its
// API key, a client's certificate in its name, or the network it calls from; one of those that the config offers is
// enough. Threads: any, one for all front loops; no lock, and no memory that grows with who asks.
// Invariant: no field that anybody but a trusted proxy wrote brings an address into a network, and a proxy's own is in
// none.
// Invariant: who is not let in cannot tell why, in words and in time. The keys of whoever fails too often are not
// looked at for a while, right or wrong: of this address with this code, so that nobody can lock a facility out from
// elsewhere, and one that its connection proves not at all.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clock/buckets.h"
#include "gateway/clock/clock.h"
#include "gateway/front/facility_rates.h"
#include "gateway/http/message.h"
#include "gateway/http/network.h"
#include "storage/facilities.h"

namespace titip::front {

struct AdmissionOptions {
  std::vector<http::Network> networks{};  // from here the code alone is enough
  bool api_keys = false;
  // Certificates whose DNS name is the facility's code, a dot, and this. Empty: none counts.
  std::string certificate_domain{};
  RateOptions failures{1, 20};
  // Networks count only where a trusted proxy says so: what connects by itself came through one that is not trusted.
  bool networks_by_proxy = false;
};

class Admission {
 public:
  // `tell` hears of who was turned away: "not_admitted", "locked_out".
  Admission(AdmissionOptions options, const clock::Clock& clock, std::function<void(std::string_view)> tell);

  // `facility`: the one of that code; null where there is none that may be let in.
  bool lets_in(const storage::Facility* facility, std::string_view code, const http::Request& request) const;

 private:
  bool comes_from_network(const http::Request& request) const;
  bool proves_by_connection(const storage::Facility& facility, const http::Request& request) const;
  bool proves_by_key(const storage::Facility& facility, const http::Request& request) const;

  const AdmissionOptions options_;
  const clock::Clock& clock_;
  const std::function<void(std::string_view)> tell_;
  mutable clock::Buckets failures_;  // of an address with a code
};

}  // namespace titip::front
