// Who asked to be erased, and when: a backup brings erased records back, so this list is applied again after every
// restore (persons.h). It lies beside the key file, outside the store, and is backed up with neither.
// Text: a first line, then one line an erasure: milliseconds since 1970 up to which the person's records are erased,
// index keys in the chain at that time, the
// person's keyed hash, CRC-32C over the checksum before and this line. A line that a crash cut short was never
// acknowledged and is dropped; any other damage is refused, for an erasure would be forgotten silently.
// Blocking; one process, one thread at a time.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/sealing.h"
#include "storage/submission.h"

namespace titip::storage {

struct Erasure {
  WallTime at{};  // what was accepted until then is erased: when it was asked for, or later if a record says later
  std::size_t links = 0;  // how far along the chain of index keys `person` went
  Digest person{};
};

std::filesystem::path erasure_list_path(const std::filesystem::path& key_file);

// With the key file, so that a list that is not there is one that was lost. Harmless where there is one.
std::expected<void, std::string> begin_erasure_list(const std::filesystem::path& list);
// Whether there is one. A restore asks: without it the erased come back, and nobody would know.
bool has_erasure_list(const std::filesystem::path& list);

// Errors are sentences that say what to do. No file: nothing to read.
std::expected<std::vector<Erasure>, std::string> read_erasures(const std::filesystem::path& list);
// On stable storage when it returns.
std::expected<void, std::string> append_erasure(const std::filesystem::path& list, const Erasure& erasure);
// After a reindex: every hash taken on to the end of the chain, so that none is left that an earlier index key
// explains. Harmless to repeat.
std::expected<void, std::string> move_erasures_on(const std::filesystem::path& list, const Sealer& sealer);

}  // namespace titip::storage
