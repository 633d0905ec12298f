#include "gateway/no_core.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace titip::gateway {

std::string forbid_core_dumps() {
  const rlimit none{0, 0};
  const bool limited = ::setrlimit(RLIMIT_CORE, &none) == 0;
  // Also keeps other processes of the same user from reading this one's memory (ptrace(2)).
  const bool undumpable = ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (limited && undumpable) return {};
  return fmt::format("cannot forbid core dumps ({}): set LimitCORE=0, or `ulimit -c 0`, where this is started",
                     std::strerror(errno));
}

}  // namespace titip::gateway
