// What the gateway tells the service manager that started it (systemd's protocol: sd_notify(3), sd_watchdog_enabled(3),
// sd_listen_fds(3)), and the listening sockets it takes over from it. Without one, all of it does nothing.
// Invariant: the watchdog is fed by a call that went through the writer's thread and came back while every loop turns,
// never by a timer alone: a gateway that can no longer commit is ended and started again, and recovery finds out.
// Threads: the constructor, ready() and stopping() from the thread that runs the gateway; the heart beats on `loop`.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/runtime.h"

namespace titip::gateway {

class Supervision {
 public:
  struct Doors {
    storage::Store& store;
    Loop& loop;
    std::function<bool()> alive;  // every loop has turned lately
  };
  explicit Supervision(Doors doors);

  void ready();     // listening; from here on the heart beats, if a watchdog is wanted
  void stopping();  // an orderly stop takes as long as it takes; the heart beats on

 private:
  void beat();

  Doors doors_;
  std::optional<std::chrono::milliseconds> pause_;  // between two beats; none: no watchdog
};

// The listening socket that was handed over under this name (FileDescriptorName= of a socket unit), once; else none.
// An error if what stands there is no listening stream socket.
struct HandedOver {
  std::optional<int> socket;
  std::string complaint;
};
HandedOver handed_over(std::string_view name);

}  // namespace titip::gateway
