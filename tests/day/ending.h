// How a gateway ended, and whether that is how the failure injected into it ends one: everything else (a segfault, an
// assertion, a status nobody promised) is a finding, however many deaths were planned. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace titip::day {

struct Ending {
  std::optional<int> status;  // it ended by itself with this exit status
  std::optional<int> signal;  // a signal ended it
  std::string text() const;   // "ended with status 74"
};

// What is to happen to one life of the gateway.
struct Planned {
  enum class How : std::uint8_t { nothing, call_fails, call_kills };
  How how = How::nothing;
  std::string call;   // "fdatasync"
  std::string error;  // "EIO", "ENOSPC" or "SIGKILL"

  std::string name() const { return call + "_" + error; }
};

// Why the program must not have ended like this by itself; empty: it is how that failure ends it. `words` is what it
// said in this life. While it serves, a failed write or sync is the fail-stop (status 74, its reason in the log); at
// its start it may also be refused with status 1 and a sentence that says which error it was.
std::string not_as_planned(const Ending& ending, const Planned& planned, bool serving, std::string_view words);

}  // namespace titip::day
