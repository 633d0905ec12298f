// Under which keys the store knows what records quote and require: keyed hashes of what a clinic and the national
// server call a thing, within one facility of one destination. Intake makes them when it takes a record in, delivery
// when the number is known; both by these functions alone. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/sealing.h"
#include "storage/submission.h"

namespace titip::storage {

// Whose keys they are.
struct KeySpace {
  std::string_view destination;
  std::string_view facility;
};

// A list of values as one string in which no two lists look alike.
std::string joined(const std::vector<std::string>& values);

// A number, provisional or real: `name` is the kind of number, `scope` what it is unique within ("A1" of one day and
// one poli).
Digest reference_key(const Sealer& sealer, const KeySpace& space, std::string_view name,
                     const std::vector<std::string>& scope, std::string_view number);

// A route and the identity of a record of it, as the profile's `provides` lists it.
Digest requirement_key(const Sealer& sealer, const KeySpace& space, std::string_view route,
                       const std::vector<std::string>& identity);

}  // namespace titip::storage
