#include "gateway/supervision.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

// Four beats to a watchdog's span: one that is late, or an answer that took its time, ends nobody.
constexpr int beats_in_a_span = 4;

}  // namespace

Supervision::Supervision(Doors doors) : doors_(std::move(doors)) {
  std::uint64_t span_us = 0;
  if (::sd_watchdog_enabled(0, &span_us) > 0)
    pause_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(span_us)) / beats_in_a_span;
}

void Supervision::ready() {
  ::sd_notify(0, "READY=1");
  if (pause_) doors_.loop.post([this] { beat(); });
}

void Supervision::stopping() {
  ::sd_notify(0, "STOPPING=1");
}

// An empty batch writes nothing, but it waits for its turn with the writer. A refusal comes from the caller's own
// thread and proves nothing.
void Supervision::beat() {
  doors_.store.transition({}, doors_.loop, [this](storage::Result<std::vector<storage::Changed>> done) {
    if (done && doors_.alive()) ::sd_notify(0, "WATCHDOG=1");
    doors_.loop.after(*pause_, [this] { beat(); });
  });
}

HandedOver handed_over(std::string_view name) {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(0, &names);
  HandedOver found;
  for (int at = 0; at < count; ++at) {
    const std::unique_ptr<char, decltype(&std::free)> given(names[at], &std::free);
    if (name != given.get() || found.socket) continue;
    const int socket = SD_LISTEN_FDS_START + at;
    if (::sd_is_socket(socket, AF_UNSPEC, SOCK_STREAM, 1) > 0)
      found.socket = socket;
    else
      found.complaint = words::tell(
          "the socket '{}' of the service manager is no listening stream socket; deploy/titip.socket shows "
          "how one is given (ListenStream=, FileDescriptorName=)",
          name);
  }
  std::free(names);
  return found;
}

}  // namespace titip::gateway
