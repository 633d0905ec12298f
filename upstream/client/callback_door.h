// The door callbacks leave by: one POST to a URL that a facility gave, and what came of it. Behind it stand sockets
// (callback_transport.h) or, in tests, a scripted receiver. Threads: used on one loop; answers run there too, never
// inside the call.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "upstream/rules/exchange.h"

namespace titip::client {

struct CallbackRequest {
  bool tls = true;
  std::string host;
  std::string port;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // Host too
  std::string body;
};

class CallbackDoor {
 public:
  virtual ~CallbackDoor() = default;
  // The reply has no body: what a receiver says beside its status is not read.
  virtual void post(CallbackRequest request, std::move_only_function<void(rules::Exchange)> done) = 0;
  // Ends what is under way and refuses more.
  virtual void close() = 0;
};

}  // namespace titip::client
