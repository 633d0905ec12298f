// The bodies the clinic's app sends. The service never published the body of vaksin/simpan: this one is our own sample,
// and the only place besides the simulated server that knows it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "tests/sampler/person.h"

namespace titip::sampler {

struct Dose {
  std::string_view facility;
  std::string_view date;     // tglVaksin
  int number = 1;            // dosis
  std::string_view vaccine;  // jenisVaksin; "" when none was given
  std::string_view batch;
  std::string_view screening = "lanjut";  // lanjut | tunda | tidak
  int temperature_tenths = 365;
  std::string_view blood_pressure = "120/80";
};

std::string registration_body(const Person& person);
std::string dose_body(const Person& person, const Dose& dose);

}  // namespace titip::sampler
