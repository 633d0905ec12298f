// Intake: from an authenticated request to a durable verdict. It ends when the record is committed; it knows nothing of
// delivery (the durable queue is the wall between them).
// Threads: one Intake a front loop; answers run on that loop. The doors it is given are safe from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/intake/identity.h"
#include "metrics/catalogue.h"
#include "storage/kept_reply.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "upstream/profile/profile.h"

namespace titip::intake {

// A request for a queued route, after routing and authentication.
struct Arrival {
  const profile::Profile* profile = nullptr;
  const profile::Route* route = nullptr;
  std::map<std::string, std::string, std::less<>> parameters;
  std::string destination;
  std::string facility;
  std::string_view channel;  // "mount" or "api"
  std::string method;
  std::string target;  // below the mount
  std::string content_type;
  std::string body;
  std::string idempotency_key;  // header as received; empty: none
  std::string credentials{};    // the clinic's own, as the scheme keeps them; opaque here, only ever sealed
};

// The record is in custody: an acknowledgement may be given.
struct InCustody {
  storage::Submission submission;
  bool replayed = false;
  std::string body_sha256;                     // of what was received, for the receipt; hexadecimal
  std::optional<storage::KeptReply> national;  // a replay's current truth, once settled
  std::string note{};  // one sentence, where the receipt alone would mislead: what was kept of a replay is erased
};

// Nothing was stored.
struct Refused {
  int status = 400;
  std::string_view type;  // stable slug of the problem's page
  std::string title;
  std::vector<FieldFault> errors;
  int retry_after_s = 0;   // 0: no use in saying
  std::string submission;  // the one that stands in the way, if any
};

// Nobody knows whether it was stored: close the connection, say nothing. 503 would mean "certainly not stored".
struct InDoubt {};

using Answer = std::variant<InCustody, Refused, InDoubt>;

struct IntakeDoors {
  storage::Store& store;
  storage::Home& home;  // the front loop's
  const storage::Sealer& sealer;
  const clock::Clock& clock;
  const metrics::IntakeProbes& probes;
  // A submission not stored within this is refused: the clinics' programs in the field wait 3 s and then send again.
  std::chrono::milliseconds answer_within{2'500};
};

class Intake {
 public:
  explicit Intake(IntakeDoors doors) : doors_(doors) {}

  void take(Arrival arrival, std::move_only_function<void(Answer)> answer);

 private:
  struct Pending;
  std::optional<Refused> admission() const;
  std::optional<storage::NewSubmission> prepare(Arrival& arrival, Refused& refused);
  const std::vector<std::string>& pointers_of(const profile::Route& route);
  void decide(std::shared_ptr<Pending> pending, storage::Verdict verdict);
  void answer_replay(std::shared_ptr<Pending> pending, storage::Submission original);
  void answer_conflict(std::shared_ptr<Pending> pending, storage::Verdict verdict);

  IntakeDoors doors_;
  std::map<const profile::Route*, std::vector<std::string>> pointers_;  // profiles outlive their front loops
};

}  // namespace titip::intake
