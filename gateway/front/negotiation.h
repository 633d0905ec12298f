// In which of several ways an answer is written: by ?format=, else by the Accept header (RFC 9110, section 12.5.1).
// Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace titip::front {

struct Manner {
  std::string_view format;      // "csv"
  std::string_view media_type;  // "text/csv"
};

// The index of the manner; the first is taken where none is asked for. Nothing: what is asked for is not among them.
std::optional<std::size_t> choose(std::span<const Manner> manners, std::optional<std::string_view> format,
                                  std::string_view accept);

}  // namespace titip::front
