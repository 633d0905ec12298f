// The judge of a day. Pure: evidence in, verdict out. It knows nothing of how the gateway works; it compares what was
// promised to the clients with what happened at the national server and with what the gateway claims, and says for each
// contradiction whose it is. A checker that cannot fail is worth nothing: checker_test.cc feeds it every lie it must
// see.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/day/evidence.h"

namespace titip::day {

enum class Fault : std::uint8_t {
  duplicate,       // more than one effect of one submission
  lost,            // acknowledged, and delivered or vanished by the gateway's word, and no effect
  out_of_order,    // effects of one person in another order than acknowledged
  stale_value,     // what the server holds is not what was delivered last
  foreign,         // an effect that no acknowledged submission explains
  contradiction,   // an answer, a state or a sum that the other ledgers deny
  unacknowledged,  // a clinic was refused, or never got an answer
  slow,            // an answer took longer than a client waits, while the gateway was up
};
inline constexpr int fault_count = static_cast<int>(Fault::slow) + 1;
std::string_view name(Fault fault);

struct Finding {
  Fault fault;
  std::size_t person = 0;
  std::string submission_id;  // empty: about no single one
  std::string idempotency_key;
  std::string what;
  std::vector<std::string> timeline;
  std::int64_t weight = 1;  // how many of its kind it stands for: three effects of one submission are two duplicates
};

struct Verdict {
  std::int64_t people = 0, submissions = 0, acknowledged = 0;
  std::int64_t delivered = 0, rejected = 0, cancelled = 0, blocked = 0, held = 0, pending = 0;
  std::int64_t slowest_answer_ms = 0;
  std::int64_t unanswered_while_up = 0;  // tries that broke off although the gateway ran; told, not judged
  std::int64_t repeated_tries = 0;
  Counters counters;
  std::vector<Finding> findings;

  std::int64_t count(Fault fault) const;
};

inline constexpr std::int64_t patience_ms = 3000;  // a deployed client gives up then

Verdict check(const Evidence& evidence);

// What a day must have seen to prove anything. A day without a kill proves less and says so.
struct Demands {
  bool kill = true;
  std::int64_t deaths = 0;  // so many kills instead of one; what else such a day sees is the dice's
  // A store that has just failed refuses, before its process ends: then a clinic may have been told "certainly not
  // stored".
  bool may_refuse = false;
};

// Empty: the day passed. Else each broken rule in a sentence.
std::vector<std::string> broken_rules(const Verdict& verdict, const Demands& demands);

// Whether the promise itself was broken: an effect too many or too few, out of order or stale, or an acknowledgement
// that the other ledgers deny. This is what a negative control must be caught by; a slow answer alone is not.
bool violated(const Verdict& verdict);

std::string last_line(const Verdict& verdict);

}  // namespace titip::day
