// Random bytes for keys and nonces. OpenSSL's generator costs more a call than sealing a kilobyte does, whatever it is
// asked for, so each thread draws them 512 at a time and hands them out; what was handed out is wiped at once.
// Any thread. Not to be used by a child that was forked and did not exec: it would draw the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace titip::storage {

void fill_with_random(std::span<std::uint8_t> out);

}  // namespace titip::storage
