// A restore, judged by the backup's own rows and by what the judge knows was accepted since: all that was pending is
// unknown, what was held stays held and is asked after before it is sent, what had ended is as it was, no content
// changed; the gates are shut, the epoch went up, and the gap that is told is the one there is. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/kv.h"
#include "tests/simulation/findings.h"

namespace titip::simulation {

struct LostStore {
  std::uint64_t epoch = 0;
  std::optional<std::uint64_t> last_position{};  // where the restore was told how far it had come
};

void judge_restore(const storage::KvReader& backup, const storage::KvReader& restored, const LostStore& lost,
                   Findings& findings);

std::uint64_t number_in(const storage::KvReader& kv, std::string_view name);  // of the family info; 0: none
// Whether the store says that this destination is gated.
bool has_gate(const storage::KvReader& kv, std::string_view destination);

}  // namespace titip::simulation
