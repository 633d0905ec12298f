// A store that has been through some lives and is whole: on a disk of the tests' own, with the history of its clients.
// What is done to copies of it starts from here.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/crash/history.h"
#include "tests/crash/platter.h"

namespace titip::crash {

struct SoundStore {
  // Four lives; the last one lost power and left its work in the log alone, all before it is in tables and blobs. None:
  // something was not kept on the way.
  static std::optional<SoundStore> make(std::uint64_t seed);

  // One life, with the sizes that are shipped: all it holds is in its log, and nothing was ever flushed.
  static std::optional<SoundStore> young(std::uint64_t seed);

  History history;
  Image image;
  std::uint64_t buffer_bytes = 24U << 10U;  // 0: what each family needs

 private:
  static std::optional<SoundStore> after(std::uint64_t seed, int lives, std::uint64_t buffer_bytes);
};

}  // namespace titip::crash
