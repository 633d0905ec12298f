#include "tests/simulation/seeded_randomness.h"

#include "tests/sampler/random.h"

namespace titip::simulation {
namespace {

sampler::Random& source() {
  static sampler::Random random(0, 13);
  return random;
}

int fill(unsigned char* out, int count) {
  for (int i = 0; i < count;) {
    auto word = source().next();
    for (int k = 0; k < 8 && i < count; ++k, ++i, word >>= 8U) out[i] = static_cast<unsigned char>(word & 0xFFU);
  }
  return 1;
}

}  // namespace

void seed_randomness(std::uint64_t seed) {
  source() = sampler::Random(seed, 13);
}

}  // namespace titip::simulation

// These stand before the library's own.
extern "C" {
int RAND_bytes(unsigned char* out, int count);
int RAND_priv_bytes(unsigned char* out, int count);
int RAND_bytes(unsigned char* out, int count) {
  return titip::simulation::fill(out, count);
}
int RAND_priv_bytes(unsigned char* out, int count) {
  return titip::simulation::fill(out, count);
}
}
