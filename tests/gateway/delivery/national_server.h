// A small national server for tests of delivery: keeps what was written to it, and behaves as it is told. It never
// recognises a duplicate: a write that arrives twice has two effects, and the test sees both.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/client/transport.h"

namespace titip::tests {

enum class Mood {
  serve,
  refuse,               // the connection is refused: nothing was sent
  error_page,           // HTML with 503, nothing applied
  lose_reply,           // applied, and then the reply is lost
  swallow,              // not applied, and no reply
  busy,                 // 429 with Retry-After: 30
  busy_without_wait,    // 429 without it
  reject,               // a fault of the record
  login_expired,        // until the next log-in
  credentials_refused,  // 401 for good
  silence,              // no answer until the test gives one
};

class NationalServer {
 public:
  std::optional<rules::Exchange> operator()(const client::OutboundRequest& request);

  Mood mood = Mood::serve;       // of everything, health reads and log-ins included
  std::deque<Mood> next_writes;  // of the next writes, before `mood` counts again
  std::deque<Mood> next_reads;   // of the next read-backs
  std::string password = "right";
  bool logged_in = true;        // a write without it is told that the log-in has expired
  bool forgets_logins = false;  // accepts every log-in and forgets it at once

  void apply(const client::OutboundRequest& request);  // what a lost write does late
  const std::vector<nlohmann::json>& effects() const { return effects_; }
  std::vector<std::string> effects_of(std::string_view nik) const;  // noBatch of each, in order
  int logins = 0;

 private:
  std::optional<rules::Exchange> write(const client::OutboundRequest& request);
  std::optional<rules::Exchange> read_back(const client::OutboundRequest& request);
  rules::Exchange log_in(const client::OutboundRequest& request);
  Mood take(std::deque<Mood>& next) const;

  std::vector<nlohmann::json> effects_;
};

}  // namespace titip::tests
