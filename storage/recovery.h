// What is done before a store is handed out: its evidence is looked at (evidence.h), the format is checked, the epoch
// counted up, what is derived and cannot be read is computed anew (mend.h), and every attempt that was open when the
// last process ended becomes `unknown`: nobody knows what came of it. Blocking, one thread, at open only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "storage/commit_sequence.h"
#include "storage/kv.h"
#include "storage/not_opened.h"
#include "storage/store.h"

namespace titip::storage {

struct Recovered {
  std::uint64_t epoch = 0;
  std::size_t open_attempts = 0;  // found open
  std::size_t damaged = 0;        // of them, those whose record is damaged: left as they are
  std::size_t mended = 0;         // counts, or the last position, that could not be read
  CommitSequence sequence{};      // goes on with the writer
};

// May be interrupted anywhere and run again. The error is a sentence that says what to do; `directory` is for it and
// may be empty; `pause`: the longest between two commits that is believed (commit_sequence.h).
std::expected<Recovered, NotOpened> recover(Kv& kv, WallTime now, std::string_view directory = {},
                                            std::chrono::milliseconds pause = longest_pause);

}  // namespace titip::storage
