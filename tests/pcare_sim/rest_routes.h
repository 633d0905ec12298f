// The P-Care REST services' calls: which one a method and path mean. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titip::pcare_sim {

// Where a service lives on the server.
enum class Mount : std::uint8_t {
  rest,    // /pcare-rest: since 2022; encrypted to callers who send a user_key
  v3,      // /pcare-rest-v3.0: until 2021, plain
  antrean  // /antreanfktp: spells it `metadata`
};
std::string_view mount_path(Mount mount);

enum class RestEndpoint : std::uint8_t {
  // writes
  register_patient,
  unregister_patient,
  add_visit,
  change_visit,
  delete_visit,
  add_drug,
  delete_drug,
  add_action,
  change_action,
  delete_action,
  add_checkup,
  change_checkup,
  delete_checkup,
  add_group_activity,
  delete_group_activity,
  add_group_member,
  delete_group_member,
  add_queue,
  call_queue,
  cancel_queue,
  // reads
  member_by_card,
  member_by_number,
  visits_of_member,
  referral,
  registration,
  registrations,
  drugs_of_visit,
  actions_of_visit,
  checkups_of_visit,
  drug_list,
  action_list,
  diagnoses,
  doctors,
  policlinics,
  providers,
  small_table,
  wrong_method,
  missing,
};

struct RestTarget {
  Mount mount = Mount::rest;
  RestEndpoint endpoint = RestEndpoint::missing;
  std::string_view method;
  std::string_view route;               // as in the table: "obat/*/kunjungan/*"
  std::string path;                     // below the mount, as it came
  std::vector<std::string> parameters;  // decoded, in the path's order
  bool write() const { return endpoint < RestEndpoint::member_by_card; }
};

// Nothing if the target lies below none of the mounts. Letters of the path match in any case, a slash at its end is
// ignored.
std::optional<RestTarget> find_rest_target(std::string_view method, std::string_view target);

}  // namespace titip::pcare_sim
