// The processor time of this process's threads, by what they do. RocksDB names its threads, and so do the gateway's
// loops; the writer is known by its thread number, whatever else has no name of its own is a reader.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace titip::capacity {

struct CpuUse {
  double front = 0;  // the front loop: intake, and whatever makes the bodies
  double deliver = 0;
  double writer = 0;
  double readers = 0;     // and everything else
  double background = 0;  // flushes and compactions
  double all() const { return front + deliver + writer + readers + background; }
  CpuUse operator-(const CpuUse& before) const;
};

CpuUse cpu_use(pid_t writer);
double this_thread_cpu_s();

// Peak of the resident set of this process so far.
double peak_rss_mb();

}  // namespace titip::capacity
