// After a restore nobody knows what the national server has seen since the copy was taken. So every record that is not
// terminal becomes `unknown` (probed, never sent again blindly), held ones stay held but for an unknown outcome, the
// epoch goes up, every destination starts paused by a gate, and what lies between the copy and now is stated as a gap
// for a person to look at.
//
// Blocking, one thread, over a store nobody has opened. May be interrupted at any point and run again, and does nothing
// twice: until it is done the store carries a mark and cannot be opened.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/words/said.h"
#include "storage/kv.h"
#include "storage/submission.h"
#include "storage/upkeep.h"
#include "storage/watermark.h"

namespace titip::storage {

inline constexpr std::string_view gate_kind = "gate";  // object; its name is the destination
// Its name before every destination that has none of its own: the copy need not know whom the lost store sent to.
inline constexpr std::string_view gate_of_all = "*";
inline constexpr std::string_view gap_kind = "gap";  // object; its name is the time of the restore

std::string gap_name(WallTime restored_at);

// What may have happened between the copy and the restore and is not in the store.
struct Gap {
  Reach from;                  // where the store that was put back ends
  std::optional<Reach> until;  // how far the lost one is known to have come; none: that is not known
  WallTime restored_at{};
  words::Said text() const;  // one sentence
  std::string json() const;  // the object's bytes, the sentence in English
};

// What the store that a backup replaces still says of itself.
struct Lost {
  Reach reach;
  // It is the one the backup was taken of, and was not put back from another since: what lies between is known.
  bool goes_on = false;
};

struct Restored {
  Gap gap;
  std::uint64_t epoch = 0;
  std::uint64_t made_unknown = 0;  // by this run
  std::uint64_t kept_held = 0;
  std::uint64_t damaged = 0;  // records that cannot be read; left as they are
  std::uint64_t destinations = 0;
};

using OnProgress = std::function<void(Progress)>;  // may be empty

// `until`: see Gap. Of a restore that goes on after an interruption the gap is the first one's. The new epoch is above
// `epoch_before` too.
std::expected<Restored, std::string> mark_restored(Kv& kv, const std::optional<Reach>& until, WallTime now,
                                                   const OnProgress& progress, std::uint64_t epoch_before = 0);

// For a data directory that is believed no more (evidence.h) but has to serve: taken as it is, like a backup.
struct RocksSetup;
std::expected<Restored, std::string> restore_as_it_is(const std::filesystem::path& directory, WallTime now,
                                                      const OnProgress& progress);
std::expected<Restored, std::string> restore_as_it_is(const std::filesystem::path& directory, WallTime now,
                                                      const OnProgress& progress, const RocksSetup& setup);

}  // namespace titip::storage
