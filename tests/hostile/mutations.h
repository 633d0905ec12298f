// Requests spoiled by dice: bytes turned, lines doubled, left out and swapped, pieces of other requests put in, words
// that framing hangs on. The same seed gives the same requests. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sampler/random.h"

namespace titip::hostile {

class Mutations {
 public:
  // `sound` requests to spoil, of which a few are the corpus's own.
  Mutations(std::vector<std::string> sound, std::uint64_t seed) : sound_(std::move(sound)), random_(seed) {}

  std::string next();

 private:
  void spoil(std::string& text);
  std::size_t place(const std::string& text) { return random_.below(static_cast<std::uint32_t>(text.size()) + 1); }

  std::vector<std::string> sound_;
  sampler::Random random_;
};

}  // namespace titip::hostile
