// What is looked at before a store is believed: that no restore was left half done, and that it holds all that its
// watermark says it once held. Blocking, one thread, at open only.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "storage/commit_sequence.h"
#include "storage/kv.h"
#include "storage/not_opened.h"
#include "storage/watermark.h"

namespace titip::storage {

// How far the store itself says it has come. Of a store that never counted its commits, the commit is 0.
std::expected<Reach, std::string> found_reach(const KvReader& kv, const CommitSequence& sequence);

// The watermark as noted: none if there is no note. The error is a sentence.
std::expected<std::optional<Reach>, NotOpened> noted_reach(const Kv& kv);

// The commit sequence of a sound store, and a first note where there was none. The error is a sentence that says what
// is missing and what to do. `directory`, for that sentence, may be empty.
std::expected<CommitSequence, NotOpened> believe(Kv& kv, std::string_view directory);

}  // namespace titip::storage
