// RocksDB's table in memory for families whose keys come in no order and are asked for one by one: an index by hash
// beside an unsorted list that is sorted only when somebody walks over it (a flush, a check, a rotation of keys).
//
// Why: in a skip list such a key costs a search from the top, some two dozen comparisons that all miss the processor's
// cache; four rows of each accept are of that kind. Here it costs the one bucket it falls into.
//
// Thread: as RocksDB asks of each: one writer, any readers beside it without a lock. Needs
// DBOptions::allow_concurrent_memtable_write off: the store has one writer anyway.
// Walks go forward alone: RocksDB's list cannot go back. Each walk over a table that is still written into copies and
// sorts its keys first.
// Source: the contract in rocksdb/memtablerep.h (7.8). The index is a chained hash table with a fixed number of
// buckets, as RocksDB's own HashLinkList, but over whole keys.
#pragma once

#include <rocksdb/memtablerep.h>

#include <memory>

namespace titip::storage {

std::shared_ptr<rocksdb::MemTableRepFactory> hashed_memtables();

}  // namespace titip::storage
