// The admin API's door: who asks and what they may, then the desk's own answer over HTTP. Nothing is done here; the
// desk does it, as it does for the control socket, and writes the token's name into the audit log. Each is answered in
// the language they ask for (Accept-Language). Threads: handle() on the loop that `post` and `timers` belong to; the
// desk answers from threads of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gateway/admin/desk.h"
#include "gateway/admin/tokens.h"
#include "gateway/admin_api/asking.h"
#include "gateway/admin_api/refusals.h"
#include "gateway/clock/clock.h"
#include "gateway/http/message.h"
#include "metrics/words/said.h"

namespace titip::admin_api {

struct DoorParts {
  const admin::TokenBook& tokens;
  std::function<void(admin::Request, std::shared_ptr<admin::Caller>)> take;
  std::function<void(std::move_only_function<void()>)> post;  // to the loop
  clock::Timers& timers;
  const clock::Clock& clock;
  std::chrono::milliseconds patience{2'000};  // a long action that is not done by then is answered 202
  RefusalRate refusals{};
};

struct Asker {
  std::string who;  // for the audit log
  std::string request_id;
};

class Door {
 public:
  explicit Door(DoorParts parts);

  void handle(http::Request request, http::Responder respond);

 private:
  void refuse(const http::Request& request, http::Responder respond);
  void ask(Asker asker, const Route& route, Asked asked, words::Wanted wanted, http::Responder respond);

  const std::shared_ptr<const DoorParts> parts_;
  Refusals refusals_;
};

}  // namespace titip::admin_api
