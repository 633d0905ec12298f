#include "gateway/http/request_id.h"

#include <algorithm>
#include <random>

namespace titip::http {
namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t length = 13;

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): a permutation of 64 bits.
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

std::uint64_t random_start() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

}  // namespace

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= most_request_id && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.';
  });
}

RequestIds::RequestIds() : state_(random_start()) {}

std::string RequestIds::next() {
  state_ += 0x9e3779b97f4a7c15U;
  auto number = mixed(state_);
  std::string text(length, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= 5U) *at = digits[number & 31U];
  return text;
}

}  // namespace titip::http
