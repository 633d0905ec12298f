// Reads that are neither stored nor queued: passed on while the server is up, answered with a clear "unavailable" in
// the national envelope while it is not. Under bpjs_signature each is signed afresh and its reply opened: answers are
// plain, and the front says them as the clinic understands them. One per front loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/clock/clock.h"
#include "metrics/catalogue.h"
#include "metrics/words/said.h"
#include "storage/facilities.h"
#include "upstream/client/read_door.h"
#include "upstream/profile/profile.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::reads {

struct ReadAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};
  bool served = true;  // false: nobody could say what was asked for
  // What the gateway says itself, in each language; `body` is the one of them that is said to whoever does not ask.
  // None: the national server's own words.
  struct Both {
    std::string english;
    std::string indonesian;
  };
  std::optional<Both> both{};
};
// The gateway's own sentence in the service's envelope.
ReadAnswer own_answer(const profile::Profile& profile, int status, const words::Said& sentence,
                      std::string_view response = {}, words::Language usual = words::Language::id);

struct ReadCall {
  std::string method;
  std::string target;  // below the mount, with query
  std::string content_type;
  std::string body;
  std::string facility;                 // empty on a log-in
  storage::Facilities::Found signer{};  // with whose secret it is signed, where the scheme signs
  scheme::Credentials credentials{};    // the clinic's own, of this very request
  client::ReadDoor::For what = client::ReadDoor::For::read;
};

struct PassThroughDoors {
  const profile::Profile& profile;
  client::ReadDoor& upstream;
  client::ReadDoor::Post back;  // onto the front's loop
  std::chrono::minutes utc_offset{0};
  const metrics::ReadProbes& probes;
  const clock::Clock& clock;
  clock::Timers& timers;  // the front loop's
  // People wait for a read: a server that hangs is one that is not there.
  std::chrono::milliseconds answer_within{1'800};
  // The server let this facility in with these, among them an X-authorization. May be empty.
  std::function<void(const std::string& facility, const scheme::Credentials& credentials)> let_in{};
};

// The answer while the national server cannot be reached: HTTP 503 and a sentence, since when if that is known.
ReadAnswer unavailable(const profile::Profile& profile, const client::Health& health, std::chrono::minutes utc_offset);

// The answer to whom a bare 401 or 403 came: the status, and what to look at. The server may well be up.
ReadAnswer not_let_in(const profile::Profile& profile, int http_status);

// Sends it on as it came. `done` gets the exchange itself, or Failure::response_timeout when it takes too long.
void send_on(const PassThroughDoors& doors, ReadCall call, std::move_only_function<void(rules::Exchange)> done);

void pass_through(const PassThroughDoors& doors, ReadCall call, std::move_only_function<void(ReadAnswer)> done);

}  // namespace titip::reads
