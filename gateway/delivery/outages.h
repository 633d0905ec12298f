// Outages as records: when the national server could not be reached, why, what was taken in meanwhile and what had to
// wait. They are evidence (a report to the ministry, an answer to "why did the card come late") and live as objects of
// the store, one each. Pure: what the breaker did, the counts and the time in; the record to keep out.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/submission.h"

namespace titip::delivery {

using storage::WallTime;

struct Outage {
  std::string destination;
  WallTime began_at{};
  std::optional<WallTime> ended_at;  // none: it goes on
  std::string cause;                 // the named failure, or "http_503", that tripped the breaker
  std::uint64_t accepted_meanwhile = 0;
  std::uint64_t delayed = 0;  // records that were waiting at its end (or are, while it goes on)
  // The destination's counter of accepts when it began: what was accepted meanwhile is counted from there, however
  // often the gateway is started anew before its end.
  std::uint64_t accepted_before = 0;
  bool operator==(const Outage&) const = default;
};

// Follows one destination. Every change comes back as the record to write down; the same outage keeps its name.
class OutageLog {
 public:
  explicit OutageLog(std::string destination) : destination_(std::move(destination)) {}

  // One that was still going on when the last process ended goes on in this one, or ended unseen.
  void resume(Outage open) { open_ = std::move(open); }

  struct Now {
    bool available = true;  // the breaker is closed
    std::string cause;      // why it is not
    std::uint64_t accepted_so_far = 0;
    std::uint64_t pending = 0;
    WallTime at{};
  };
  std::optional<Outage> changed(const Now& now);
  const std::optional<Outage>& open() const { return open_; }

 private:
  std::string destination_;
  std::optional<Outage> open_;
};

inline constexpr std::string_view outage_kind = "outage";
// The object's name sorts by destination, then by time: newest last.
std::string object_prefix(std::string_view destination);
std::string object_name(const Outage& outage);
std::string encode(const Outage& outage);
std::expected<Outage, std::string> decode_outage(std::string_view json);

// How long it lasted; nothing while it goes on, or if a clock that was set back says that it ended before it began.
std::optional<std::chrono::seconds> lasted(const Outage& outage);

// As evidence, one at a time, however many there are. CSV after RFC 4180 with its line end; JSON as one object without
// one. Times in RFC 3339, UTC.
std::string csv_header();
std::string csv_line(const Outage& outage);
std::string json_object(const Outage& outage);

}  // namespace titip::delivery
