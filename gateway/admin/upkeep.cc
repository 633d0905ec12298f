#include "gateway/admin/upkeep.h"

#include <algorithm>

#include "gateway/admin/audit.h"
#include "gateway/admin/people.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

constexpr std::chrono::days keys_at_least{90};

// A search by a person's number is in the log.
bool only_looks_at_records(const Request& request) {
  return (is_of_the_queue(request.command) && request.people.empty()) || request.command == Command::bulk_status ||
         request.command == Command::audit_verify || request.command == Command::audit_ls ||
         request.command == Command::edit_proposals;
}

// Copies and exports change nothing, but whoever has one has everything: they are in the log too.
bool is_audited(const Request& request) {
  return request.command != Command::status && request.command != Command::verify &&
         request.command != Command::outages && request.command != Command::facility_ls &&
         request.command != Command::drain_status && request.command != Command::token_ls && !request.dry_run &&
         !only_looks_at_records(request);
}

Ended perform(const Request& request, const Doors& doors, Telling& telling) {
  switch (request.command) {
    case Command::status:
      return doors.status();
    case Command::resume:
      return resume(request, doors);
    case Command::backup:
      return backup(request, doors, telling);
    case Command::verify:
      return verify(doors, telling);
    case Command::rotate_keys:
      return rotate_keys(request, doors, telling);
    case Command::erase:
      return erase(request, doors, telling);
    case Command::export_person:
      return export_person(request, doors, telling);
    case Command::retain:
      return retain(request, doors, telling);
    case Command::outages:
      return outages(request, doors);
    case Command::pause:
      return pause(request, doors);
    case Command::drain:
    case Command::drain_pause:
    case Command::drain_resume:
    case Command::drain_status:
    case Command::drain_cancel:
      return doors.drain ? doors.drain(request)
                         : in_trouble(Trouble::not_found, words::said("No drains are known here."));
    case Command::facility_add:
    case Command::facility_import:
    case Command::facility_ls:
    case Command::facility_rotate:
    case Command::facility_disable:
    case Command::facility_enable:
      return facility(request, doors);
    case Command::queue_ls:
    case Command::queue_show:
    case Command::queue_shape:
      return queue(request, doors);
    case Command::hold:
    case Command::release:
    case Command::requeue:
    case Command::cancel:
      return act_on_records(request, doors, telling);
    case Command::edit:
      return edit(request, doors, telling);
    case Command::edit_proposals:
    case Command::edit_approve:
    case Command::edit_withdraw:
      return proposals(request, doors, telling);
    case Command::bulk_status:
    case Command::bulk_resume:
    case Command::bulk_stop:
      return bulk(request, doors, telling);
    case Command::audit_verify:
      return verify_audit(request, doors, telling);
    case Command::audit_ls:
      return list_audit(request, doors);
    case Command::token_add:
    case Command::token_ls:
    case Command::token_revoke:
      return tokens(request, doors);
  }
  return in_trouble(Trouble::usage, words::said("there is no such command"));
}

}  // namespace

storage::Retain retain_at(storage::WallTime now, const RetentionRule& rule) {
  storage::Retain what;
  what.settled_before = now - rule.delivered;
  what.keys_before = now - std::max(rule.keys, keys_at_least);
  return what;
}

Ended store_trouble(storage::Error error) {
  using enum storage::Error;
  switch (error) {
    case unavailable:
      return in_trouble(Trouble::failed,
                        words::said("The store takes nothing now: it is closing, or its log says why. Try again."));
    case overloaded:
    case too_late:
    case over_quota:  // of what clinics send alone
      return in_trouble(Trouble::failed,
                        words::said("The store is too busy at the moment. Try again; nothing is half done."));
    case in_doubt:
      return in_trouble(Trouble::failed,
                        words::said("The store failed in the middle, and nobody knows whether the last step counts. "
                                    "Run it again when the gateway is back."));
    case corrupt:
      return in_trouble(Trouble::failed, words::said("A record is damaged. Run `titip verify` to see which."));
  }
  return in_trouble(Trouble::failed, words::said("The store failed."));
}

Ended stopped_early(const words::Said& what) {
  return in_trouble(Trouble::failed, words::said("Stopped early: {}. Start it again to go on.", what));
}

Ended run(const Request& request, const Doors& doors, Telling& telling) {
  if (!telling.goes_on()) return stopped_early(words::said("the gateway is stopping, or nobody listens"));
  if (!is_audited(request)) return perform(request, doors, telling);
  const auto begun = append(doors.store, begun_line(request, telling.who(), people_of(request, doors.sealer)));
  if (!begun) return store_trouble(begun.error());
  auto subjects = subjects_of(request, doors);
  auto ended = perform(request, doors, telling);
  look_again(subjects, request, ended, doors);
  // What was done stands even if the second line does not.
  if (!append(doors.store, ended_line(request, telling.who(), ended, subjects)) && !ended.trouble)
    ended.sentence += words::said(" (The audit log has its beginning only: the store took no more lines.)");
  return ended;
}

}  // namespace titip::admin
