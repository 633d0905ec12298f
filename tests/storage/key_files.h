// Key files for tests. Their keys are plainly a test's: 00 01 02 …, 40 41 42 …, 80 81 82 ….
#pragma once

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "storage/crc32c.h"

namespace titip::storage {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), 0600);
}

inline std::string rising_key(int first) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(first + i) & 0xffU);
    text += two;
  }
  return text;
}

inline std::string with_crc(std::string text) {
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", crc32c(text));
  return text + "crc32c " + crc + "\n";
}

// As the first version wrote it.
inline std::string known_key_file() {
  return with_crc("titip-key-file 1\nkey-id 7\nwrapping-key " + rising_key(0) + "\nindex-key " + rising_key(0x80) +
                  "\n");
}

inline std::string known_chain_file() {
  return with_crc("titip-key-file 2\nwrapping-key 9 " + rising_key(0x20) + "\nwrapping-key 7 " + rising_key(0) +
                  "\nindex-key 1 " + rising_key(0x80) + "\nindex-key 2 " + rising_key(0x40) + "\nindex-key 3 " +
                  rising_key(0) + "\n");
}

}  // namespace titip::storage
