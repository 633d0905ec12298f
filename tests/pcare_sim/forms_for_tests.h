// Forms of synthetic people for the simulator's tests.
#pragma once

#include <string>

#include "tests/sampler/bodies.h"
#include "tests/sampler/person.h"

namespace titip::pcare_sim {

inline const std::string& test_facility() {
  static const std::string code = "0905R001";
  return code;
}

inline std::string registration(std::uint32_t person) {
  return sampler::registration_body(sampler::make_person(1, person));
}

inline std::string dose(std::uint32_t person, const std::string& date, int number = 1, const std::string& vaccine = "1",
                        const std::string& screening = "lanjut") {
  return sampler::dose_body(sampler::make_person(1, person), {.facility = test_facility(),
                                                              .date = date,
                                                              .number = number,
                                                              .vaccine = vaccine,
                                                              .batch = "UJI0001",
                                                              .screening = screening});
}

inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

}  // namespace titip::pcare_sim
