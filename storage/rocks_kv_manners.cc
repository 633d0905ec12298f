#include "storage/rocks_kv_manners.h"

#include <sys/resource.h>
#include <unistd.h>

namespace titip::storage {
namespace {

// Of the calling thread. Who may not be nicer goes on as it is.
void step_aside(int niceness) {
  static thread_local int now = 0;
  if (now == niceness) return;
  now = niceness;
  const int of_the_process = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::getpid()));
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), of_the_process + niceness);
}

}  // namespace

void Manners::OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) {
  step_aside(flush_niceness);
}

void Manners::OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo&) {
  step_aside(compaction_niceness);
}

}  // namespace titip::storage
