#include "tests/capacity/bodies.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace titip::capacity {
namespace {

std::string body_of(const Bodies& bodies, std::uint64_t number) {
  std::string body;
  bodies.write(number, body);
  return body;
}

TEST(Bodies, AreJsonOfTheRouteAndOfOneKilobyte) {
  const Bodies bodies(7, 1000);
  for (const std::uint64_t number : {0ULL, 1ULL, 15ULL, 999'999ULL, 10'999'999ULL}) {
    const auto text = body_of(bodies, number);
    EXPECT_EQ(text.size(), Bodies::body_bytes);
    const auto body = nlohmann::json::parse(text);
    EXPECT_EQ(body.at("kdPpk"), bodies.facility(number));
    EXPECT_EQ(body.at("nik").get<std::string>().size(), 16U);
    EXPECT_EQ(body.at("tglVaksin"), Bodies::date);
    EXPECT_EQ(body.at("dosis"), number % 16 == 15 ? 2 : 1);
    EXPECT_FALSE(body.at("alasan").get<std::string>().empty()) << "or delivery would patch the body";
  }
}

TEST(Bodies, AreMadeAgainFromTheirNumberAlone) {
  const Bodies here(7, 1000), there(7, 1000), other_seed(8, 1000);
  std::set<std::string> all, keys;
  for (std::uint64_t number = 0; number < 2'000; ++number) {
    const auto body = body_of(here, number);
    EXPECT_EQ(body, body_of(there, number));
    EXPECT_NE(body, body_of(other_seed, number));
    EXPECT_EQ(Bodies::number_of(body), number);
    all.insert(body);
    keys.insert(here.idempotency_key(number));
  }
  EXPECT_EQ(all.size(), 2'000U);
  EXPECT_EQ(keys.size(), 2'000U);
}

TEST(Bodies, GiveSomePeopleTwoDosesAtTheSameClinic) {
  const Bodies bodies(7, 1000);
  std::set<std::string> people;
  for (std::uint64_t number = 0; number < 1'600; ++number)
    people.insert(nlohmann::json::parse(body_of(bodies, number)).at("nik"));
  EXPECT_EQ(people.size(), 1'500U);
  EXPECT_EQ(bodies.facility(15), bodies.facility(7));
  EXPECT_EQ(bodies.facilities().size(), 1000U);
  EXPECT_EQ(std::set(bodies.facilities().begin(), bodies.facilities().end()).size(), 1000U);
}

TEST(Bodies, AreNotTakenForOursWhenTheyAreNot) {
  const Bodies bodies(7, 10);
  auto body = body_of(bodies, 3);
  EXPECT_FALSE(Bodies::number_of("{}"));
  EXPECT_FALSE(Bodies::number_of(body.substr(1)));
  const auto dose = body.find(R"("dosis":1)") + 8;
  body[dose] = '2';  // 3 + 8 is nobody's second dose
  EXPECT_FALSE(Bodies::number_of(body));
  body[dose] = 'x';
  EXPECT_FALSE(Bodies::number_of(body));
}

// Base64 of random bytes carries 6 bits in each of 8; the fixed names around it carry nothing.
TEST(Bodies, AreMostlyRandom) {
  const Bodies bodies(7, 10);
  std::array<double, 256> times{};
  double chars = 0;
  for (std::uint64_t number = 0; number < 500; ++number) {
    const auto body = body_of(bodies, number);
    const auto filler = body.substr(body.find(R"("catatan":")") + 11, 600);
    for (const char c : filler) ++times[static_cast<unsigned char>(c)];
    chars += static_cast<double>(filler.size());
  }
  double bits = 0;
  for (const double n : times)
    if (n > 0) bits -= n / chars * std::log2(n / chars);
  EXPECT_GT(bits, 5.9);
}

}  // namespace
}  // namespace titip::capacity
