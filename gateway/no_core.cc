#include "gateway/no_core.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "metrics/words/said.h"

namespace titip::gateway {

std::string forbid_core_dumps() {
  const rlimit none{0, 0};
  const bool limited = ::setrlimit(RLIMIT_CORE, &none) == 0;
  // Also keeps other processes of the same user from reading this one's memory (ptrace(2)).
  const bool undumpable = ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (limited && undumpable) return {};
  return words::tell("cannot forbid core dumps ({}): set LimitCORE=0, or `ulimit -c 0`, where this is started",
                     std::strerror(errno));
}

}  // namespace titip::gateway
