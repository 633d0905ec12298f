// The registry of facilities in the store: each is a sealed object whose name is the facility's code. Read as a whole
// at a start, written by upkeep. Blocking; a thread that may wait.
// Invariant: secrets leave this file sealed or not at all. Rotation reseals them, for the kind stands in
// sealed_kinds.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/facilities.h"
#include "storage/sealing.h"
#include "storage/store.h"
#include "storage/waiting_home.h"

namespace titip::storage {

inline constexpr std::string_view facility_object_kind = "facility";
// Written in one call, and so in one commit, at the most.
inline constexpr std::size_t facilities_at_once = 1'000;

// The code is not in it: it is the object's name, which sealing authenticates.
std::string encode(const Facility& facility);
std::optional<Facility> decode_facility(std::string_view code, std::string_view bytes);

struct KeptFacilities {
  std::vector<Facility> facilities;  // by code
  std::vector<std::string> damaged;  // codes of those that cannot be read or opened
};
Result<KeptFacilities> read_facilities(Store& store, const Sealer& sealer, WaitingHome& home);
// All of them or none, on stable storage when this returns without an error; whatever stood there is replaced.
Result<void> keep_facilities(Store& store, const Sealer& sealer, const std::vector<Facility>& facilities,
                             WaitingHome& home);

}  // namespace titip::storage
