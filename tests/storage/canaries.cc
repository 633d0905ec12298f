#include "tests/storage/canaries.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace titip::storage {
namespace {

std::string hex_of(std::string_view bytes, std::string_view digits) {
  std::string text;
  for (const char c : bytes) {
    text.push_back(digits[static_cast<unsigned char>(c) >> 4U]);
    text.push_back(digits[static_cast<unsigned char>(c) & 15U]);
  }
  return text;
}

// What the word looks like inside a longer base64 text: without the characters that its neighbours have a part in.
std::string base64_of(std::string_view word, std::size_t before, std::string_view alphabet) {
  std::string bytes(before, '\0');
  bytes += word;
  std::string text;
  for (std::size_t bit = 0; bit + 6 <= bytes.size() * 8; bit += 6) {
    unsigned value = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      value = value << 1U | (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1U);
    }
    text.push_back(alphabet[value]);
  }
  return text.substr((before * 8 + 5) / 6);
}

std::string hashed(std::string_view word, const EVP_MD* with) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(word.data(), word.size(), digest.data(), &size, with, nullptr) != 1) return "no such hash";
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string utf16(std::string_view word) {
  std::string text;
  for (const char c : word) text.append({c, '\0'});
  return text;
}

}  // namespace

CanarySearch::CanarySearch(const std::vector<std::string>& words) {
  constexpr std::string_view common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view for_urls = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const std::string& word : words) {
    const auto add = [&](std::string how, std::string bytes) {
      patterns_.push_back({word, std::move(how), std::move(bytes)});
    };
    add("plain", word);
    add("hex", hex_of(word, "0123456789abcdef"));
    add("HEX", hex_of(word, "0123456789ABCDEF"));
    add("utf16", utf16(word));
    for (std::size_t before = 0; before < 3; ++before) {
      add("base64", base64_of(word, before, common));
      add("base64url", base64_of(word, before, for_urls));
    }
    const std::pair<std::string, const EVP_MD*> hashes[] = {
        {"md5", EVP_md5()}, {"sha1", EVP_sha1()}, {"sha256", EVP_sha256()}};
    for (const auto& [name, with] : hashes) {
      const std::string digest = hashed(word, with);
      add(name, digest.substr(0, 16));
      add(name + " in hex", hex_of(digest.substr(0, 8), "0123456789abcdef"));
    }
  }
}

std::vector<CanarySearch::Found> CanarySearch::in(const std::filesystem::path& directory) {
  kinds_.clear();
  bytes_ = 0;
  std::vector<Found> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    std::string kind = entry.path().filename();
    for (const Pattern& pattern : patterns_) {
      if (kind.find(pattern.bytes) != std::string::npos)
        found.push_back({pattern.word, pattern.how, "name of " + kind});
    }
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    bytes_ += bytes.size();
    for (const Pattern& pattern : patterns_) {
      if (bytes.find(pattern.bytes) != std::string::npos) found.push_back({pattern.word, pattern.how, kind});
    }
    std::erase_if(kind, [](unsigned char c) { return std::isdigit(c) != 0; });
    kinds_.push_back(std::move(kind));
  }
  return found;
}

}  // namespace titip::storage
