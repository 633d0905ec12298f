// The evidence of a day, put together submission by submission. Pure; the checker's own.
#pragma once

#include <string>
#include <vector>

#include "tests/day/evidence.h"

namespace titip::day {

// A submission with its custody and the effects that are its own. Points into the evidence.
struct Case {
  const Call* call = nullptr;
  const Try* acknowledgement = nullptr;
  const Custody* custody = nullptr;  // null: never acknowledged
  std::vector<const Effect*> effects;
};

std::vector<Case> make_cases(const Evidence& evidence);  // without effects yet

std::vector<const Effect*> in_order(const Evidence& evidence);

// An effect belongs to the submission whose id the attempt carried; failing that (a foreign or absent key) to the one
// with the same entity, route and bytes. A body that was altered on its way still belongs to its submission. Returns
// the effects that belong to none.
std::vector<const Effect*> assign_effects(const Evidence& evidence, std::vector<Case>& cases);

// One line for everything that anybody did to it.
std::vector<std::string> timeline_of(const Case& one);

}  // namespace titip::day
