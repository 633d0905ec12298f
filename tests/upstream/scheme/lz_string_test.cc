#include "upstream/scheme/lz_string.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace titip::scheme {
namespace {

constexpr std::size_t plenty = 1U << 20U;

// From the reference implementation (lz-string 1.5.0, compressToEncodedURIComponent).
TEST(LzString, KnownAnswers) {
  const struct {
    std::string plain, packed;
  } rows[] = {
      {"", "Q"},
      {"a", "IZA"},
      {"hello, hello", "BYUwNmD2A0AEoUkA"},
      {R"({"field":"noUrut","message":"A1"})", "N4IgZglgpgNgJiAXCAdgewKoCcCuAXEAGhAFsoBncgQwHMokQBBARhAF8g"},
      {"é日😀", "JeU9NLwbgAe0A"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(lz_compress(row.plain), row.packed) << row.plain;
    EXPECT_EQ(lz_decompress(row.packed, plenty), row.plain) << row.packed;
  }
}

std::string random_text(std::mt19937& random) {
  static const std::string words[] = {"noKunjungan", "peserta", "\"metaData\":", "é", "日本", "😀", "null", " "};
  std::string text;
  for (auto left = random() % 300; left > 0; --left) {
    const auto kind = random() % 12;
    if (kind < 8) {
      text += words[kind];
    } else if (kind < 11) {
      text += static_cast<char>(random() % 128);
    } else {
      text += std::string(random() % 40, 'a');
    }
  }
  return text;
}

TEST(LzString, EveryTextComesBack) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    const std::string text = random_text(random);
    const auto packed = lz_compress(text);
    ASSERT_TRUE(packed) << "seed " << seed;
    ASSERT_EQ(lz_decompress(*packed, plenty), text) << "seed " << seed;
  }
}

TEST(LzString, WhatIsCutShortIsRefused) {
  const std::string packed = *lz_compress(R"({"response":"some text, some more text, some text"})");
  for (std::size_t size = 0; size + 1 < packed.size(); ++size) {
    EXPECT_EQ(lz_decompress(packed.substr(0, size), plenty), std::nullopt) << size;
  }
}

TEST(LzString, NeitherDamageNorRubbishBreaksIt) {
  std::mt19937 random(7);
  const std::string sound = *lz_compress(R"([{"field":"noKunjungan","message":"0000000000000000001"}])");
  for (int i = 0; i < 20'000; ++i) {
    std::string packed = sound;
    for (auto flips = 1 + random() % 4; flips > 0; --flips) {
      packed[random() % packed.size()] = static_cast<char>(random() % 256);
    }
    const auto text = lz_decompress(packed, plenty);  // some damage gives other text: the cipher around it notices
    if (text) {
      EXPECT_LE(text->size(), plenty);
    }
  }
}

TEST(LzString, ASpaceStandsForAPlus) {
  std::string packed;
  std::string text;
  for (int i = 0; packed.find('+') == std::string::npos; ++i) {
    text += std::to_string(i);
    packed = *lz_compress(text);
  }
  packed[packed.find('+')] = ' ';
  EXPECT_EQ(lz_decompress(packed, plenty), text);
}

TEST(LzString, ABombIsNotUnpacked) {
  const std::string packed = *lz_compress(std::string(1U << 20U, 'a'));
  EXPECT_LT(packed.size(), 5000U);
  EXPECT_EQ(lz_decompress(packed, (1U << 20U) - 1), std::nullopt);
  EXPECT_TRUE(lz_decompress(packed, 1U << 20U).has_value());
}

TEST(LzString, WhatIsNoTextIsRefused) {
  for (const char* bytes : {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xc3", "\x80"}) {
    EXPECT_EQ(lz_compress(bytes), std::nullopt);
  }
  // Half a surrogate pair, as the reference implementation packs it: "\ud83d".
  EXPECT_EQ(lz_decompress("rwbQ", plenty), std::nullopt);
}

}  // namespace
}  // namespace titip::scheme
