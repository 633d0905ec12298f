// Seeded random numbers that are the same on every machine: splitmix64 (Steele, Lea, Flood 2014) seeds xoshiro256**
// (Blackman, Vigna 2018). The distributions of <random> differ between standard libraries, so there are none here.
// One object belongs to one thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace titip::sampler {

inline std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

class Random {
 public:
  // `stream` tells independent sequences of one seed apart, so that person 7 is the same however many there are.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t state = seed;
    state = splitmix64(state) ^ stream;
    for (auto& word : words_) word = splitmix64(state);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(words_[1] * 5U, 7) * 9U;
    const std::uint64_t t = words_[1] << 17U;
    words_[2] ^= words_[0];
    words_[3] ^= words_[1];
    words_[1] ^= words_[2];
    words_[0] ^= words_[3];
    words_[2] ^= t;
    words_[3] = std::rotl(words_[3], 45);
    return result;
  }

  // 0 … bound-1; bound must not be 0. The bias of the multiplication is below 2^-32 for bounds under 2^32.
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U); }

  // first … last, both included.
  std::uint32_t between(std::uint32_t first, std::uint32_t last) { return first + below(last - first + 1); }

  // True with this probability (0 … 1).
  bool chance(double probability) { return static_cast<double>(next() >> 11U) * 0x1.0p-53 < probability; }

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
  }

 private:
  std::array<std::uint64_t, 4> words_{};
};

}  // namespace titip::sampler
