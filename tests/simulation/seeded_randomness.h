// Ids, keys and nonces come from OpenSSL's generator. In the simulation alone it is replaced by one that goes by the
// seed, so that a run can be repeated to the byte. Linked into titip_simulate and its tests, never into the gateway.
#pragma once

#include <cstdint>

namespace titip::simulation {

void seed_randomness(std::uint64_t seed);

}  // namespace titip::simulation
