// Outages as records: when the national server could not be reached, why, what was taken in meanwhile and what had to
// wait. They are evidence (a report to the ministry, an answer to "why did the card come late") and live as objects of
// the store, one each. Pure: what the breaker did, the counts and the time in; the record to keep out.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

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
  bool operator==(const Outage&) const = default;
};

// Follows one destination. Every change comes back as the record to write down; the same outage keeps its name.
class OutageLog {
 public:
  explicit OutageLog(std::string destination) : destination_(std::move(destination)) {}

  // One that was still going on when the last process ended goes on in this one, or ended unseen.
  void resume(Outage open, std::uint64_t accepted_so_far);

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
  std::uint64_t accepted_before_ = 0;  // when it began, less what was counted before a restart
};

inline constexpr std::string_view outage_kind = "outage";
// The object's name sorts by destination, then by time: newest last.
std::string object_prefix(std::string_view destination);
std::string object_name(const Outage& outage);
std::string encode(const Outage& outage);
std::expected<Outage, std::string> decode_outage(std::string_view json);

// RFC 4180, with a header line; times in RFC 3339, UTC.
std::string to_csv(std::span<const Outage> outages);
std::string to_json(std::span<const Outage> outages);

}  // namespace titip::delivery
