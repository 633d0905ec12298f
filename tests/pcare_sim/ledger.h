// What the national server holds, and how it came to hold it: persons and doses with their final values, and every
// effect in the order it happened. This is the oracle that a run is judged by, so nothing here comes from the gateway.
// Invariant: effects are only appended; an effect's sequence number is its place, starting at 1. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/pcare_sim/dates.h"
#include "tests/pcare_sim/weather.h"

namespace titip::pcare_sim {

enum class EntryKind : std::uint8_t { person, dose };
enum class Verb : std::uint8_t { person_save, person_update, dose_save, dose_update };

// The natural key: facility + nik for persons, facility + nik + dose number + vaccination date for doses.
struct NaturalKey {
  EntryKind kind = EntryKind::person;
  std::string facility;
  std::string nik;
  std::string dose;  // doses only
  std::string date;  // doses only
};

struct Entry {
  NaturalKey key;
  std::string ticket;
  bool postponed = false;   // a dose with skrining.hasil "tunda"
  std::string values;       // final values: JSON text without line breaks
  std::string entered_on;   // the server's date of the newest effect
  std::uint32_t count = 0;  // of effects
  std::uint32_t first = 0;  // sequence numbers
  std::uint32_t last = 0;
};

// What came between the effect and the client.
struct Circumstance {
  std::optional<Kind> weather;
  bool late = false;        // applied after the client had hung up
  bool reply_lost = false;  // the client was there and did not get the true answer
};

struct Effect {
  std::uint32_t entry = 0;
  std::uint32_t next = 0;  // the same entry's next effect; 0: none
  WallTime at;
  Verb verb = Verb::person_save;
  Circumstance circumstance;
  std::array<unsigned char, 32> body_sha256{};
  std::string idempotency_key;  // as the attempt carried it, honoured or not
};

struct Change {
  NaturalKey key;
  std::string ticket;
  bool postponed = false;
  std::string values;
};

class Ledger {
 public:
  // Returns the effect's sequence number. The caller has checked has_room().
  std::uint32_t apply(Change change, Effect effect, std::string entered_on);

  // Memory is what ends a run too big for the machine; this ends it earlier and says so.
  bool has_room(std::size_t max_effects) const { return effects_.size() < max_effects; }

  const Entry* find(const NaturalKey& key) const;
  const Entry& entry(std::uint32_t index) const { return entries_[index]; }
  const Effect& effect(std::uint32_t sequence) const { return effects_[sequence - 1]; }
  std::uint32_t entry_count() const { return static_cast<std::uint32_t>(entries_.size()); }
  std::uint32_t effect_count() const { return static_cast<std::uint32_t>(effects_.size()); }

  // Indices of a facility's entries; the caller leaves out those whose ticket has changed since.
  const std::vector<std::uint32_t>* with_ticket(std::string_view facility, std::string_view ticket) const;
  const std::vector<std::uint32_t>* doses_of(std::string_view facility, std::string_view date) const;

  // The first entry whose first effect is later than this sequence number. Entries are in that order.
  std::uint32_t first_entry_after(std::uint32_t sequence) const;

 private:
  using Index = std::unordered_map<std::string, std::vector<std::uint32_t>>;

  std::deque<Entry> entries_;
  std::deque<Effect> effects_;
  std::unordered_map<std::string, std::uint32_t> by_key_;
  Index by_ticket_;
  Index by_date_;
};

// A JSON object without the values; `values` adds them.
std::string effect_json(const Ledger& ledger, std::uint32_t sequence, std::chrono::minutes utc_offset, bool values);
void append_entry_json(std::string& out, const Ledger& ledger, std::uint32_t index, std::chrono::minutes utc_offset);

}  // namespace titip::pcare_sim
