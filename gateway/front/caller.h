// Who calls, by the profile's scheme, and how an answer to that very request is said. Pure; any thread.
// Invariant: whoever is not let in cannot tell why: an unknown consumer, a wrong signature, a disabled facility and a
// missing header look the same, in words and in time.
#pragma once

#include <optional>
#include <string>

#include "gateway/clock/clock.h"
#include "gateway/http/message.h"
#include "storage/facilities.h"
#include "upstream/profile/profile.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::front {

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

// Nothing: not let in.
std::optional<Caller> find_caller(const profile::Profile& profile, const storage::Facilities& facilities,
                                  const http::Request& request, clock::WallTime now);

// What those are told who are not let in.
std::string who_is_asked_for(const profile::Profile& profile);

// Every answer to an authenticated request on a mount passes here.
http::Responder in_dialect(Dialect dialect, http::Responder respond);

}  // namespace titip::front
