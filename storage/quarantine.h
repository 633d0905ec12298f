// Bytes that are not what was written. Whoever meets some (a read, the writer) says where; the writer looks again, for
// what it meets may have been replaced meanwhile, and sets apart what is damaged indeed: the bytes are copied into the
// quarantine, what is due of the record is taken out of the due index, so that it is neither sent nor met again and
// again, and it is counted and told once. The record keeps its place, its line waits behind it; where it can be read
// itself it is held, so that a person sees it. Plain data, pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "storage/queries.h"
#include "storage/records.h"

namespace titip::storage {

struct Damage {
  Family family = Family::meta;
  std::string key;
  std::string due_key{};    // of the due entry that led there; empty: none did
  Lane lane{};              // whose it is; empty: nobody knows, or `due_key` tells
  bool unreadable = false;  // the engine itself refused, perhaps for a whole range that begins at `key`
};

// Of damage a read met it tells no more than this; the rest is met by the next one.
inline constexpr std::size_t most_damage_told = 1'000;

// Whether a value is what was written there.
bool is_sound(const Place& at, std::string_view bytes);

}  // namespace titip::storage
