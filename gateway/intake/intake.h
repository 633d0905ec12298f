// Intake: from an authenticated request to a durable verdict, and, where the national answer is likely to come in time,
// to that answer. It knows nothing of delivery (the durable queue is the wall between them): it waits for the
// settlement of its own record, as anybody may.
// Threads: one Intake a front loop; answers run on that loop. The doors it is given are safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/intake/awaiting.h"
#include "gateway/intake/identity.h"
#include "gateway/intake/made_numbers.h"
#include "metrics/catalogue.h"
#include "metrics/words/said.h"
#include "storage/kept_reply.h"
#include "storage/payload.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "storage/veil.h"
#include "upstream/profile/envelope.h"
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
  std::string prefer{};         // header as received; several: joined by commas
  // So many of its facility may be pending; then it is given no new one. As many as are decided at the same moment
  // may come on top. 0: any number.
  std::uint64_t most_pending = 0;
};

// The record is in custody: an acknowledgement may be given.
struct InCustody {
  storage::Submission submission;
  bool replayed = false;
  std::string body;                            // as it was received: the receipt says its hash
  std::optional<storage::KeptReply> national;  // the current truth, once settled
  words::Said note{};          // one sentence, where the receipt alone would mislead: what was kept is erased
  profile::Numbers numbers{};  // by reference: provisional ones, or the real ones where those are all that is left
  profile::Numbers quoted{};   // those that the request quotes, as it wrote them: a PUT is told the number it was sent
  std::vector<storage::SubmissionId> cancelled{};  // what it took back: the target and its dependants
  std::string preference{};                        // for Preference-Applied; empty: none was said
};

// Nothing was stored.
struct Refused {
  int status = 400;
  std::string_view type;  // stable slug of the problem's page
  words::Said title;
  std::vector<FieldFault> errors;
  int retry_after_s = 0;   // 0: no use in saying
  std::string submission;  // the one that stands in the way, if any
};

// Nobody knows whether it was stored: close the connection, say nothing. 503 would mean "certainly not stored".
struct InDoubt {};

using Answer = std::variant<InCustody, Refused, InDoubt>;

// How a destination is, as far as a record of this facility that was just accepted is concerned.
enum class Standing : std::uint8_t { served, down, gated };

struct IntakeDoors {
  storage::Store& store;
  storage::Home& home;  // the front loop's
  const storage::Sealer& sealer;
  const clock::Clock& clock;
  const metrics::IntakeProbes& probes;
  // A submission not stored within this is refused: the clinics' programs in the field wait 3 s and then send again.
  // For as long the national answer is waited for, unless the clinic prefers something else.
  std::chrono::milliseconds answer_within{2'500};
  // The answer by health. Without timers, or without word of the destination's health, nobody waits.
  clock::Timers* timers = nullptr;
  std::function<Standing(std::string_view destination, std::string_view facility)> standing{};
  AwaitingOptions awaiting{};
  std::shared_ptr<MadeNumbers> made_numbers = std::make_shared<MadeNumbers>();  // one for all front loops
  std::function<std::uint64_t()> random{};                                      // empty: a generator of its own
};

class Intake {
 public:
  explicit Intake(IntakeDoors doors);

  void take(Arrival arrival, std::move_only_function<void(Answer)> answer);
  // The loop ends: whoever waits for a national answer is answered from custody.
  void stop_waiting() { awaiting_.stop(); }

 private:
  struct Pending;  // one request on its way through
  using PendingPtr = std::shared_ptr<Pending>;
  using Told = metrics::IntakeProbes::Told;

  // Each step goes on to the next, or answers.
  std::optional<Refused> admission() const;
  std::optional<Refused> read(Pending& pending);
  void look_up(const PendingPtr& pending);
  void looked_up(const PendingPtr& pending, const std::vector<std::optional<storage::Reference>>& found);
  void join_line_of(const PendingPtr& pending, const storage::SubmissionId& origin);
  void accept(const PendingPtr& pending);
  void decide(const PendingPtr& pending, storage::Verdict&& verdict);
  void await(const PendingPtr& pending, storage::Verdict&& verdict);
  void refuse(const PendingPtr& pending, metrics::IntakeProbes::Verdict counted, Refused refused);

  const std::vector<std::string>& pointers_of(const profile::Route& route);
  bool make_numbers(Pending& pending);
  std::optional<Told> why_at_once(const Pending& pending, const storage::Verdict& verdict) const;

  // intake_answers.cc
  void answer_settled(const PendingPtr& pending, InCustody custody);
  void answer_replay(const PendingPtr& pending, const storage::Submission& original);
  void answer_with_real_numbers(const PendingPtr& pending, InCustody custody);
  void answer_conflict(const PendingPtr& pending, const storage::Verdict& verdict);
  std::optional<storage::KeptReply> opened_reply(const storage::Loaded& loaded) const;
  std::optional<storage::Payload> opened_payload(const storage::Loaded& loaded) const;

  IntakeDoors doors_;
  storage::Veil receipts_;
  Awaiting awaiting_;
  std::map<const profile::Route*, std::vector<std::string>> pointers_;  // profiles outlive their front loops
};

}  // namespace titip::intake
