// Where upkeep runs: on threads of its own, off the loops, one long run at a time. Short requests (status, resume,
// pause, drains, facilities, a page of outages) do not wait behind a long one. Threads: every member from any thread. A
// Caller is called from the desk's threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/admin/upkeep.h"
#include "gateway/admin/wire.h"
#include "gateway/clock/clock.h"

namespace titip::admin {

// Who asked. tell() blocks while the caller takes nothing, and says whether there still is one; progress may be
// dropped.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual bool tell(const Answer& answer) = 0;
  virtual std::string who() const = 0;                   // for the audit log
  virtual std::string request_id() const { return {}; }  // over HTTP
};

class Desk {
 public:
  Desk(Doors doors, const clock::Clock& clock, std::function<void(std::string_view action)> acted = {});
  ~Desk();  // as join()

  // Answers the caller on a thread of the desk, the last time with Ended; at once if it is refused.
  void take(Request request, std::shared_ptr<Caller> caller);

  // What runs, in words; nothing: no long run.
  struct Running {
    std::string command;
    clock::WallTime since{};
    storage::Progress progress;
  };
  std::optional<Running> running() const;

  void begin_stop();  // runs end at their next step; what is asked from now on is refused
  void join();        // after the store's close(), so that nobody waits for it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace titip::admin
