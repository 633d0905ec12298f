// Who calls, by the profile's scheme, and how an answer to that very request is said. Pure; any thread.
// Invariant: whoever is not let in cannot tell why: an unknown consumer, a wrong signature, a disabled facility and a
// missing header look the same, in words and in time.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "gateway/clock/clock.h"
#include "gateway/http/message.h"
#include "metrics/words/said.h"
#include "storage/facilities.h"
#include "upstream/profile/profile.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::front {

class Admission;

// How answers are said on a mount: plainly, or with `response` sealed for the consumer under the time that the request
// carried. The service's own rule says what is never sealed (scheme::seal_reply).
class Dialect {
 public:
  Dialect() = default;  // plain
  Dialect(const profile::Envelope& shape, scheme::Consumer consumer, std::string timestamp);

  void say(http::Response& response) const;
  bool is_plain() const { return !seal_; }

 private:
  struct Seal {
    profile::Envelope shape;
    scheme::Consumer consumer;
    std::string timestamp;
  };
  std::optional<Seal> seal_;
};

struct Caller {
  storage::Facilities::Found facility;
  scheme::Credentials credentials;  // what the server is sent on with the facility's calls
  Dialect dialect;
};

enum class Door { mount, native };

// How old, or how far ahead, the timestamp of a signed request may be; nothing: whatever it says. A signature covers
// the consumer and the time alone, so whoever catches one could ask for ever with it. On a mount it cannot be checked
// unless the facility says so: deployed programs compute the time once a day, and their clocks are wrong. Programs that
// speak /v1 are written for Titip: ten minutes either way are ample for a clock that somebody sets.
std::optional<std::chrono::seconds> signature_age(Door door, const storage::Facility& facility);

// Nothing: not let in. `admission`: what must prove a facility whose protocol does not; none: its code is enough, but
// for what a proxy forwards.
std::optional<Caller> find_caller(const profile::Profile& profile, const storage::Facilities& facilities, Door door,
                                  const http::Request& request, clock::WallTime now,
                                  const Admission* admission = nullptr);

// What those are told who are not let in.
words::Said who_is_asked_for(const profile::Profile& profile, const Admission* admission = nullptr);

// Runs `work` on another thread, and then `then` on the loop that asked.
using OffLoop = std::function<void(std::move_only_function<void()> work, std::move_only_function<void()> then)>;

// Every answer to an authenticated request on a mount passes here. A long one is sealed off the loop, which has others
// to serve: packing a megabyte takes 20 to 70 ms.
http::Responder in_dialect(Dialect dialect, http::Responder respond, OffLoop off_loop = {});

}  // namespace titip::front
