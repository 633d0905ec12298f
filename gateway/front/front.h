// The front: what clinics talk to. Finds the place a request belongs to, asks who is calling, hands it to intake or
// reads, and says the answer in that place's own manner. Threads: one Front per front loop; everything on that loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/front/admission.h"
#include "gateway/front/caller.h"
#include "gateway/front/cors.h"
#include "gateway/front/facility_rates.h"
#include "gateway/front/log_in_paces.h"
#include "gateway/front/routes.h"
#include "gateway/http/message.h"
#include "gateway/intake/intake.h"
#include "gateway/reads/destination_reads.h"
#include "gateway/reads/own_records.h"
#include "storage/facilities.h"
#include "upstream/profile/prerendered.h"
#include "upstream/profile/profile.h"

namespace titip::front {

struct Destination {
  std::string name;
  const profile::Profile* profile = nullptr;
  reads::DestinationReads* reads = nullptr;
};

struct FrontDoors {
  std::vector<Destination> destinations;
  const storage::Facilities& facilities;
  intake::Intake& intake;
  std::function<std::string()> status;         // JSON text of /v1/status
  std::function<bool()> alive;                 // every loop's heart beats
  std::function<words::Said()> why_not_ready;  // empty: ready
  reads::OwnRecords& own_records;
  const clock::Clock& clock;
  std::shared_ptr<FacilityRates> rates{};        // one for all front loops; none: everybody as fast as they like
  std::function<void()> throttled{};             // somebody was told to wait
  std::shared_ptr<const Admission> admission{};  // one for all; none: where there is no proof, the code is enough
  OffLoop off_loop{};                            // none: long answers are sealed on the loop
  std::uint64_t facility_pending = 0;            // so many records of one may be pending; 0: any number
  std::shared_ptr<const CorsOptions> cors{};     // none: web pages of others read nothing, and nobody has OPTIONS
  std::shared_ptr<LogInPaces> log_ins{};         // one for all; none: as many log-ins as come
};

class Front {
 public:
  explicit Front(FrontDoors doors);
  void handle(http::Request request, http::Responder respond);

 private:
  std::vector<std::string> methods_at(const Located& located) const;
  std::vector<std::string> with_implied(std::vector<std::string> methods) const;
  http::Response options_at(const Located& located, const http::Request& request) const;
  http::Response only_get(std::string_view route, words::Wanted wanted) const;
  void handle_health(Place place, const http::Request& request, http::Responder respond) const;
  void handle_records(const Located& located, const http::Request& request, http::Responder respond) const;
  // What a step is handed it hands on: moving both at each of them costs as much as finding the route.
  void handle_destination(const Located& located, http::Request&& request, http::Responder&& respond);
  void take(const Destination& destination, const profile::RouteMatch& match, std::string target, bool on_mount,
            http::Request&& request, http::Responder&& respond);
  void log_in(const Destination& destination, const profile::Route& route, bool on_mount, http::Request&& request,
              http::Responder&& respond);
  void take_from(const Caller& caller, const Destination& destination, const profile::RouteMatch& match,
                 std::string target, bool on_mount, http::Request&& request, http::Responder&& respond);
  std::optional<Caller> caller(const Destination& destination, bool on_mount, const http::Request& request) const;
  std::optional<Allowance> allowance(std::string_view facility) const;

  const profile::Prerendered* prerendered(const profile::Route& route) const;

  FrontDoors doors_;
  std::vector<MountPoint> mounts_;
  std::unordered_map<const profile::Route*, profile::Prerendered> prerendered_;  // profiles outlive their fronts
};

// A fault found before a place was known (the guard's, or a limit's).
http::Response fault_response(int status, std::string_view reason, const words::Said& sentence, words::Wanted wanted);

// What /livez and /readyz answer, on every listener.
http::Response health_response(bool ok, const words::Said& why_not, std::string_view route, words::Wanted wanted);

}  // namespace titip::front
