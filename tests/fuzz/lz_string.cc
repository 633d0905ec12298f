// LZ-String: any text unpacks to something or to nothing, within its bound; any UTF-8 comes back.
#include "upstream/scheme/lz_string.h"

#include "tests/fuzz/fuzz.h"

using titip::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 1U << 16U;
  titip::fuzz::Dice dice(titip::fuzz::text_of(data, size));
  if (dice.below(2) == 0) {
    const auto text = titip::scheme::lz_decompress(dice.rest(), most);
    if (!text) return 0;
    must(text->size() <= most, "no more than may be");
    const auto packed = titip::scheme::lz_compress(*text);
    must(packed.has_value(), "what was unpacked is UTF-8");
    must(titip::scheme::lz_decompress(*packed, most) == text, "and comes back");
    return 0;
  }
  const auto packed = titip::scheme::lz_compress(dice.rest());
  if (packed) must(titip::scheme::lz_decompress(*packed, dice.rest().size()) == dice.rest(), "any text comes back");
  return 0;
}
