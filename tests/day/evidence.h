// What is known about a day once it is over, from three sides that share no code: what the clients were told (calls),
// what the national server did (effects) and what the gateway says it did (custody and totals). Plain data; the checker
// judges it. Times are milliseconds since the start of the day on a clock that only moves forward.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace titip::day {

// What one try of a client ended with. `unknown` is the client's own unknown: no answer, so perhaps taken.
enum class Answer : std::uint8_t { ok, refused, unknown };

struct Try {
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;
  Answer answer = Answer::unknown;
  bool connected = false;  // false: the connection was refused, so certainly no byte was taken
  int http_status = 0;
  std::string submission_id;  // from the answer; empty if it named none
  std::string receipt;        // what the clinic holds in its hands
  bool replayed = false;
  bool national_answer = false;  // the answer is the national server's own, not a receipt
  std::string words;             // what was said, or why there was no answer
};

// One submission as the clinic means it: one body under one Idempotency-Key, however often it had to be said.
struct Call {
  std::size_t person = 0;
  std::size_t step = 0;  // a person's calls are made one after the other, in this order
  std::string facility;
  std::string route;   // "vaksin/simpan"
  std::string entity;  // what the national server files it under; calls of one entity overwrite one another
  std::string values;  // the body as canonical text, without the late-entry reason that may be patched in at midnight
  std::string body_sha256;                  // of the very bytes that were sent
  std::vector<std::string> patched_sha256;  // of the same with the reason patched in, as it may be written
  std::string idempotency_key;
  bool dirty = false;          // made to be rejected by the national server
  bool same_day_edit = false;  // the national server takes it until 23:59 only
  std::vector<Try> tries;

  // The first answer that named a submission: from then on the record is in the gateway's custody.
  const Try* acknowledgement() const;
};

struct Effect {
  std::uint64_t order = 0;  // in which the national server applied them
  std::string facility;
  std::string route;
  std::string entity;
  std::string body_sha256;
  std::string idempotency_key;  // that the attempt carried; empty if none
  std::int64_t at_unix_ms = 0;
  std::string when;  // for people
};

struct Custody {
  bool found = false;  // false: the gateway answers 404
  std::string state;
  std::string receipt;
  std::string rule;
  std::string words;
  std::int64_t settled_unix_ms = 0;   // 0: not settled
  std::vector<std::string> timeline;  // one line an attempt
};

// /v1/status, summed over the destinations, after the last restart.
struct Totals {
  std::int64_t accepted = 0, delivered = 0, rejected = 0, cancelled = 0, expired = 0;
  std::int64_t blocked = 0, held = 0, pending = 0, ledger_difference = 0;
};

// What is counted by those who did it: the gateway (both lives together) and the simulator.
struct Counters {
  std::int64_t unknown = 0, probes = 0, outages = 0, open_at_kill = 0, kills = 0;
  std::int64_t faults = 0;  // of the kills: deaths of an injected failure
  std::map<std::string, std::int64_t> by_fault =
      {};  // call and error → of the faults; all that were planned stand here
  std::int64_t lost_replies = 0, late_applies = 0;
};

struct Login {
  std::string facility;
  std::string when;  // "in the morning", "during an outage"
  bool ok = false;
  std::string words;
};

struct Evidence {
  std::vector<Call> calls;
  std::vector<Effect> effects;
  std::map<std::string, std::string> final_values;  // entity → canonical values, as the national server holds them
  std::map<std::string, Custody> custody;           // submission id → what GET /v1/submissions/{id} said
  Totals totals;
  Counters counters;
  std::vector<Login> logins;
  std::vector<std::pair<std::int64_t, std::int64_t>> gateway_down;  // from the kill to ready again
  std::size_t people = 0;
  // Of the national server's time zone, if it fell into the run: from then on edits of the day are rejected rightly,
  // and the reason for a late entry is patched in. Milliseconds since the Unix epoch, like all times that end in
  // unix_ms.
  std::optional<std::int64_t> midnight_unix_ms;
};

}  // namespace titip::day
