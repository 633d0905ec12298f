// A walk over the records that never ends: a slice of them at a time, in the order of acceptance, against what the
// counts say of the same minutes. The counts are kept as records change (tally.h) and the records are what they are, so
// the two are independent sources: what this finds is a miscount or a lost record. A whole look at everything at once
// is verify.h's.
//
// What the engine refuses to read is passed over and told as damage; the records in it are missing from their minutes,
// which is a difference of those.
//
// Threads: one at a time. Memory: one entry for each minute found wrong, at most `most_kept`.
// Invariant: each minute is compared within one moment of the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/kv.h"
#include "storage/quarantine.h"

namespace titip::storage {

class Patrol {
 public:
  // A minute with more records than this is passed over; it would keep its snapshot too long.
  static constexpr std::size_t most_in_a_minute = 2'000'000;
  static constexpr std::size_t most_kept = 10'000;

  struct Slice {
    std::size_t minutes = 0;
    std::size_t records = 0;
    std::size_t passed_over = 0;  // stretches that the engine could not read
    bool ended_round = false;     // the next one begins at the oldest record again
  };
  // Goes on behind the last look, minute by minute, until some `enough` records were looked at or the newest was.
  KvResult<Slice> look(const KvReader& kv, std::size_t enough);

  // How many records too few or too many were found, by destination, in the minutes as they were last looked at.
  std::map<std::string, std::uint64_t, std::less<>> differences() const;
  // Damaged records met since the last call.
  std::vector<Damage> take_damage() { return std::exchange(damage_, {}); }

 private:
  struct Seen {
    std::uint64_t accepted = 0;
    std::uint64_t pending = 0;
  };
  using Destinations = std::map<std::string, Seen, std::less<>>;
  struct Minute {
    std::size_t records = 0;
    std::uint64_t damaged = 0;  // there, and told elsewhere, but whose they are nobody knows
  };
  KvResult<void> scan(const KvReader& kv, Family family, std::string_view prefix, std::string_view from,
                      const KvReader::Visitor& visit);
  KvResult<std::uint64_t> row(const KvReader& kv, const std::string& key);
  KvResult<std::optional<std::int64_t>> next_minute(const KvReader& kv, const Destinations& known);
  KvResult<Minute> look_at(const KvReader& kv, std::int64_t minute, Destinations& seen);
  KvResult<void> compare(const KvReader& kv, std::int64_t minute, const Destinations& seen, std::uint64_t damaged);
  void keep(const std::string& destination, std::int64_t minute, std::uint64_t wrong);
  void note(Damage damage);

  std::int64_t next_ = INT64_MIN;
  std::map<std::string, std::map<std::int64_t, std::uint64_t>, std::less<>> wrong_;
  std::size_t kept_ = 0;
  std::vector<Damage> damage_;
  // Where the stretch that was passed over last ended: every minute in it meets it, and it is told once a round.
  std::map<Family, std::string> refused_until_;
  std::size_t passed_over_ = 0;
};

}  // namespace titip::storage
