// Synthetic people. They look right to a parser and can be nobody:
//  - the NIK is 16 digits, 6 area + DDMMYY (day + 40 for women) + 4 serial, but its area starts with 99: no province
//  has
//    that code (Indonesia's run from 11 to 96), so no civil registry can ever have issued it;
//  - the phone number starts with 000: 00 is the international prefix and no country code starts with 0;
//  - the name says "Orang Uji" (test person) and the address says "Contoh" (example).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace titip::sampler {

// People of one seed have distinct NIKs and tickets below this index (9,801 areas of 9,999 serials).
inline constexpr std::uint32_t max_people = 9'801U * 9'999U;

struct Person {
  std::uint32_t index = 0;
  std::string nik;
  std::string ticket;  // 10 characters, the second is '-'
  std::string name;
  std::string birth_date;  // YYYY-MM-DD
  std::string phone;
  std::string address;
  std::string category;  // kodeKategori
  bool woman = false;
};

// The same seed and index (below max_people) always give the same person.
Person make_person(std::uint64_t seed, std::uint32_t index);

}  // namespace titip::sampler
