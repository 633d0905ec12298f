// Logs that are written into room made ready before: a log is filled with zeros a stretch ahead of its end, so that
// what a commit makes durable lies inside the file already.
//
// Why: fdatasync of a file that grew has to commit the file system's journal as well, and that waits for whatever else
// is new in it: with a flush beside, commits of 40 ms and more, a hundred times the usual one. Overwriting needs the
// device alone. PostgreSQL makes its log ready the same way (wal_init_zero). The price: a log is written twice.
//
// A log that was closed ends where its last record ends. One that was open when the process died ends in zeros, which
// RocksDB's reader passes over (kZeroType in db/log_reader.cc of 7.8, once meant for logs in mapped memory): every mode
// of recovery then finds what it found before.
// Threads: as RocksDB uses its log: one appends, another may sync what is closed to appends.
#pragma once

#include "storage/rocks_kv_setup.h"

namespace titip::storage {

// The same, with an Env of its own for whoever writes logs. What `setup` holds lives as long.
RocksSetup with_logs_ahead(const RocksSetup& setup);

}  // namespace titip::storage
