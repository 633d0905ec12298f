#include "tests/crash/told.h"

#include "tests/crash/witness.h"

namespace titip::crash {

Told told_in(std::span<const std::string> lines) {
  class Counting : public Witness {
   public:
    Told told;
    void saw(const AcceptAnswered& seen) override {
      const bool taken = seen.answer == Answer::ok && seen.verdict == storage::VerdictKind::accepted;
      told.accepted += taken ? 1 : 0;
      told.refused += seen.answer == Answer::refused ? 1 : 0;
    }
    void saw(const ChangeAnswered& seen) override {
      told.changed += seen.answer == Answer::ok && seen.applied == storage::Applied::yes ? 1 : 0;
    }
  } counting;
  for (const std::string& line : lines) retell(line, counting);
  return counting.told;
}

}  // namespace titip::crash
