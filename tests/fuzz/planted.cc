// The control: a decoder with a fault planted in it. Behind a word and a length it trusts the length. The fuzzer must
// find that within a minute, or it finds nothing at all.
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = titip::fuzz::text_of(data, size);
  if (!bytes.starts_with("TTP2") || bytes.size() < 6) return 0;
  const std::vector<std::uint8_t> body(data + 5, data + size);
  const std::size_t length = data[4];
  unsigned sum = 0;
  for (std::size_t at = 0; at < length; ++at) sum += body.data()[at];  // not asked whether it is there
  return sum == 0xffffffffU ? 1 : 0;
}
