#include "tests/sampler/person.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "tests/sampler/random.h"

namespace titip::sampler {
namespace {

constexpr std::uint32_t serials_per_area = 9'999;

std::string ticket_of(std::uint64_t seed, std::uint32_t index, Random& random) {
  // Multiplying by an odd number and adding modulo 2^40 is one-to-one: distinct people never share a ticket.
  constexpr std::uint64_t mask = (std::uint64_t{1} << 40U) - 1;
  std::uint64_t mixed = seed;
  mixed = (index * std::uint64_t{0x9E3779B97F4A7C15U} + splitmix64(mixed)) & mask;
  constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string ticket(1, static_cast<char>('A' + random.below(26)));
  ticket += '-';
  for (int shift = 35; shift >= 0; shift -= 5) ticket += symbols[(mixed >> static_cast<unsigned>(shift)) & 31U];
  return ticket;
}

std::string made_up_word(Random& random) {
  constexpr std::array<std::string_view, 20> syllables{"ba", "du", "fi", "go", "hu", "ja", "ki", "lo", "mu", "na",
                                                       "pe", "qo", "ri", "su", "ta", "vu", "we", "xi", "yo", "za"};
  std::string word;
  for (int i = 0; i < 3; ++i) word += syllables[random.below(syllables.size())];
  word.front() = static_cast<char>(word.front() - 'a' + 'A');
  return word;
}

}  // namespace

Person make_person(std::uint64_t seed, std::uint32_t index) {
  Random random(seed, index);
  Person person;
  person.index = index;
  person.woman = random.below(2) == 1;
  const std::uint32_t year = random.between(1930, 2009);
  const std::uint32_t month = random.between(1, 12);
  const auto last_day = std::chrono::year_month_day_last{std::chrono::year{static_cast<int>(year)},
                                                         std::chrono::month_day_last{std::chrono::month{month}}};
  const std::uint32_t day = random.between(1, static_cast<unsigned>(last_day.day()));
  const std::uint32_t area = index / serials_per_area;
  person.birth_date = fmt::format("{:04}-{:02}-{:02}", year, month, day);
  person.nik = fmt::format("99{:02}{:02}{:02}{:02}{:02}{:04}", 1 + area / 99 % 99, 1 + area % 99,
                           day + (person.woman ? 40 : 0), month, year % 100, 1 + index % serials_per_area);
  person.ticket = ticket_of(seed, index, random);
  person.name = fmt::format("Orang Uji {:04} {}", index + 1, made_up_word(random));
  person.phone = fmt::format("000{:09}", index);
  person.address = fmt::format("Jalan Contoh {}, Desa {}", random.between(1, 250), made_up_word(random));
  person.category = fmt::format("{}", random.between(1, 5));
  return person;
}

}  // namespace titip::sampler
