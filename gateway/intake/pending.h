// One request on its way through intake. Private to intake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/intake/intake.h"
#include "gateway/intake/made_numbers.h"
#include "gateway/intake/make_submission.h"
#include "gateway/intake/prefer.h"

namespace titip::intake {

struct Intake::Pending {
  Pending(Arrival&& taken, std::move_only_function<void(Answer)>&& tell, clock::SteadyTime now)
      : arrival(std::move(taken)), answer(std::move(tell)), arrived(now) {}

  storage::KeySpace space() const { return {arrival.destination, arrival.facility}; }
  profile::Numbers quoted() const {
    profile::Numbers numbers;
    for (const auto& quote : draft.identity.chain.quotes) numbers.emplace(quote.reference, quote.number);
    return numbers;
  }

  Arrival arrival;
  std::move_only_function<void(Answer)> answer;
  clock::SteadyTime arrived;
  Draft draft;
  Preference preference;
  std::vector<HeldNumber> held;  // of draft.made
  int tries = 0;                 // to find numbers that are free
};

}  // namespace titip::intake
