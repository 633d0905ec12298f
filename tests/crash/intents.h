// What clinics mean to say, made up from a seed: which person and facility, under which keys, with which bytes. The
// same (seed, number) is the same intent in every process, so the oracle needs no copy of what a killed process was
// given. Pure; synthetic words alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/store.h"

namespace titip::crash {

// One thing to be said. It may have to be said several times (tries), each time under a new submission id, as the
// gateway gives one to every request.
struct Intent {
  std::uint64_t number = 0;
  std::uint64_t body = 0;  // two intents with one body are a double entry: the national server must see it once
  std::string person;
  std::string facility;
  bool idempotency_key = true;
  std::optional<std::uint64_t> natural;     // the act it records, as the clinic knows it
  bool correction = false;                  // of what stands under that natural key
  bool provides = false;                    // others may wait for it
  std::optional<std::uint64_t> waits_for;   // the intent that must be delivered before
  std::optional<std::uint64_t> takes_back;  // the intent that this one undoes if it has not been sent yet

  // Its state may change by what becomes of another one.
  bool follows_others() const { return provides || waits_for || takes_back; }
};

struct Try {
  std::uint64_t number = 0;
  std::uint32_t times = 0;
  auto operator<=>(const Try&) const = default;
};

class Intents {
 public:
  explicit Intents(std::uint64_t seed) : seed_(seed) {}

  Intent intent(std::uint64_t number) const;
  storage::SubmissionId id(const Try& said) const;
  storage::NewSubmission submission(const Try& said) const;
  std::string payload(const Try& said) const;
  std::optional<storage::Digest> idempotency_key(const Intent& intent) const;
  storage::Digest fingerprint(const Intent& intent) const;
  std::string object_bytes(std::uint64_t number) const;
  static std::string audit_line(std::uint64_t number);

  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
};

// Which body a payload carries; none: it is no payload of ours.
std::optional<std::uint64_t> body_of(std::string_view payload);

inline constexpr std::string_view destination = "pcare";
inline constexpr std::uint32_t facilities = 3;
inline constexpr std::int64_t morning_ms = 1'630'000'000'000;

}  // namespace titip::crash
