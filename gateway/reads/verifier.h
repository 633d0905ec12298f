// A verifier: what lets a log-in be checked while the national server is down. A slow salted hash (scrypt, RFC 7914) of
// a password the server accepted before, with the answer it gave then. Kept sealed as an object, with a maximum age.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"

namespace titip::reads {

struct Verifier {
  clock::WallTime accepted_at{};
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 32> hash{};
  int reply_status = 0;
  std::string reply_content_type;
  std::string reply_body;
};

// About 100 ms of CPU and 32 MiB: call off the loops.
Verifier make_verifier(std::string_view password, clock::WallTime accepted_at);
bool verifies(const Verifier& verifier, std::string_view password);  // compares in constant time

std::string encode(const Verifier& verifier);
std::optional<Verifier> decode_verifier(std::string_view bytes);

}  // namespace titip::reads
