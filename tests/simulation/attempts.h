// What the judge knows of the attempts of each record, from the wire and the national server alone: whether one may
// have landed, and what gives a right to send again after that. On a route that may not simply repeat it is a look that
// the server answered after it can have applied nothing more, or a person's word; and what may have landed is sent
// again on no route before the record was decided anew. It also holds the count of attempts against the state table:
// none is counted that never left, that was refused for its credentials, or while the server fails everybody. One
// thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "storage/submission.h"
#include "tests/simulation/findings.h"
#include "tests/simulation/moves.h"

namespace titip::simulation {

struct Form;
struct Known;

// So long after its caller gave up, or died, the national server may still apply a write.
inline constexpr std::chrono::milliseconds latest_effect{29'000};

// What the national server's answer to a write says, to whoever reads it plainly.
enum class Told : std::uint8_t { taken, not_taken, credentials_refused, nothing };

struct Tries {
  bool may_be_there = false;  // it was sent, and nothing said since that it did not land
  bool under_way = false;
  bool left = false;                         // the attempt that is open was sent
  bool refused = false;                      // … its credentials were refused
  bool while_failing = false;                // … it was not served, while the server failed everybody
  std::optional<clock::WallTime> over_at{};  // when the last one had ended, one way or another
  clock::WallTime not_before{};              // of a look that counts: a restore forgets what was seen before it
};

class Attempts {
 public:
  Attempts(Findings& findings, std::function<bool(const Form&)> may_repeat)
      : findings_(findings), may_repeat_(std::move(may_repeat)) {}

  void sending(Known& known);
  void answered(Known& known, Told told, bool while_failing);
  void gateway_died(Known& known);
  void restored(Known& known);
  // The national server has answered a question after this person's doses, or after the person.
  void looked(const std::string& nik, bool doses);

  struct Change {
    Standing before;
    Standing after;
    std::uint32_t steps = 1;
    const storage::Submission& record;
    bool person_said_so = false;
  };
  // Before the judge takes note of it.
  void changed(Known& known, const Change& change);

 private:
  void judge_basis(Known& known, const Change& change);
  void judge_count(const Known& known, const Change& change);
  bool was_looked_for(const Known& known) const;

  Findings& findings_;
  std::function<bool(const Form&)> may_repeat_;
  std::map<std::pair<std::string, bool>, clock::WallTime> looks_;  // when the last answered one began
};

}  // namespace titip::simulation
