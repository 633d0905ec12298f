// RocksDB's background threads step aside for whoever a clinic waits for: a flush by a little, for memory tables must
// not pile up behind it, a compaction by more. On two cores both at once kept the writer off the processor for 10 ms at
// a time, so that those who came meanwhile waited for 80. Still, neither starves: a nice thread gets what is left over,
// and at least its share (a third, a tenth of a usual thread's; sched(7)). Included by rocks_kv*.cc alone.
#pragma once

#include <rocksdb/listener.h>

namespace titip::storage {

// How much nicer than the process.
inline constexpr int flush_niceness = 5;
inline constexpr int compaction_niceness = 10;

// Told by the thread that is about to do it.
class Manners : public rocksdb::EventListener {
 public:
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override;
  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override;
};

}  // namespace titip::storage
