// Upkeep: what an operator asks of custody beside its daily work. Each run is a blocking function over storage's door
// and the sealer, on a thread that may wait; it tells how far it is and says in one sentence how it ended. The same
// functions serve the control socket of a running gateway and the command line beside a store that nobody serves.
// Invariants: what changes something leaves a line in the audit log before it begins and one when it has ended; neither
// a line nor a sentence holds a person's number. An end in the middle is always sound: the run can be started again.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/wire.h"
#include "gateway/clock/clock.h"
#include "storage/facilities.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::admin {

struct Gate;

struct RetentionRule {
  std::chrono::days delivered{90};  // content of settled records is kept for this long; 0: not at all
  std::chrono::days keys{90};       // idempotency and natural keys; at least 90 days
};
storage::Retain retain_at(storage::WallTime now, const RetentionRule& rule);

struct Doors {
  storage::Store& store;
  storage::Sealer& sealer;
  const clock::Clock& clock;
  std::filesystem::path key_file;
  std::filesystem::path data_directory;
  RetentionRule retention;
  std::function<Ended()> status;                      // what `titip status` says
  std::function<void(const std::string&)> gate_gone;  // a destination may send again; empty: nobody sends
  std::vector<std::string> destinations{};            // of the config, by name
  std::function<bool(const std::string& facility)> knows_facility{};
  std::function<void(const std::string& what, const Gate& gate)> gate_set{};  // empty: nobody sends
  std::function<Ended(const Request&)> drain{};                               // whatever is of a drain
  storage::Facilities* facilities = nullptr;                                  // none: nobody needs them here
  // Whom a record is about, by the profile; empty: nobody can say. And the record with its timeline, as JSON.
  std::function<std::string(const storage::Submission&, const storage::Payload&)> person_in{};
  std::function<std::string(const storage::Loaded&)> timeline{};
  // A record with other values at some places, ready to be stored; an error is a sentence without its point.
  std::function<std::expected<Edited, words::Said>(const storage::Submission&, const storage::Payload&,
                                                   const std::vector<Edit>&)>
      edit{};
  bool edit_needs_approval = false;  // an edit waits for another person
  // The tokens are others now; says what became of the listener, in a sentence.
  std::function<words::Said()> tokens_changed{};
};

// What a run tells on its way. All three say whether it should go on.
class Telling {
 public:
  virtual ~Telling() = default;
  virtual bool progress(storage::Progress progress) = 0;
  virtual bool data(std::string json) = 0;  // one object of an export
  virtual bool goes_on() const = 0;
  virtual std::string who() const = 0;  // who asked, for the audit log
};

// Any of them, by the request's command. The request has no fault (wire.h).
Ended run(const Request& request, const Doors& doors, Telling& telling);

// The sentence for a store that could not do it.
Ended store_trouble(storage::Error error);
Ended stopped_early(const words::Said& what);

// One file each.
Ended backup(const Request& request, const Doors& doors, Telling& telling);
Ended verify(const Doors& doors, Telling& telling);
Ended rotate_keys(const Request& request, const Doors& doors, Telling& telling);
Ended erase(const Request& request, const Doors& doors, Telling& telling);
Ended export_person(const Request& request, const Doors& doors, Telling& telling);
Ended retain(const Request& request, const Doors& doors, Telling& telling);
Ended resume(const Request& request, const Doors& doors);
Ended outages(const Request& request, const Doors& doors);
Ended pause(const Request& request, const Doors& doors);
Ended facility(const Request& request, const Doors& doors);  // whatever is of facilities
Ended queue(const Request& request, const Doors& doors);     // whatever looks at records
Ended act_on_records(const Request& request, const Doors& doors, Telling& telling);
Ended edit(const Request& request, const Doors& doors, Telling& telling);
Ended proposals(const Request& request, const Doors& doors, Telling& telling);  // edits that wait
// What was changed in a record that an edit made, as JSON; nothing: it is no such record, or was erased.
std::optional<std::string> difference_of(const storage::Submission& record, const Doors& doors);
Ended verify_audit(const Request& request, const Doors& doors, Telling& telling);
Ended list_audit(const Request& request, const Doors& doors);
Ended tokens(const Request& request, const Doors& doors);  // whatever is of tokens
Ended bulk(const Request& request, const Doors& doors, Telling& telling);

}  // namespace titip::admin
