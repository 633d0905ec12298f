#include "storage/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace titip::storage {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78U;  // reflected
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight tables, so that eight bytes cost eight look-ups and no chain of shifts.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t t = 1; t < tables.size(); ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[t - 1][i];
      tables[t][i] = (before >> 8U) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}
constexpr Tables tables = make_tables();

#if defined(__x86_64__)
// The processor's own instruction, where it has one: a sixth of the tables' time.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes, std::uint32_t before) {
  std::uint64_t crc = ~before;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; i < bytes.size(); ++i) rest = _mm_crc32_u8(rest, static_cast<std::uint8_t>(bytes[i]));
  return ~rest;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return by_instruction(bytes, before);
#endif
  return crc32c_by_tables(bytes, before);
}

std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  std::size_t i = 0;
  const auto at = [&](std::size_t offset) { return static_cast<std::uint8_t>(bytes[i + offset]); };
  for (; i + 8 <= bytes.size(); i += 8) {
    crc = tables[7][(crc ^ at(0)) & 0xffU] ^ tables[6][((crc >> 8U) ^ at(1)) & 0xffU] ^
          tables[5][((crc >> 16U) ^ at(2)) & 0xffU] ^ tables[4][((crc >> 24U) ^ at(3)) & 0xffU] ^ tables[3][at(4)] ^
          tables[2][at(5)] ^ tables[1][at(6)] ^ tables[0][at(7)];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8U) ^ tables[0][(crc ^ at(0)) & 0xffU];
  return ~crc;
}

}  // namespace titip::storage
