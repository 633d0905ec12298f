// No core dumps: the memory of every Titip process that opens the store holds keys, passwords and people's data, and a
// core file would lay them open on the disk. The unit's LimitCORE=0 holds under systemd alone, and not where a program
// is given the dump (core(5): a pattern that begins with a pipe). Thread: before any other.
#pragma once

#include <string>

namespace titip::gateway {

// Empty, or a sentence: what the system would not do.
std::string forbid_core_dumps();

}  // namespace titip::gateway
