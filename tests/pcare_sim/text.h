// Small pieces of text that JSON and HTTP need here. Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace titip::pcare_sim {

// A JSON string literal. The input is UTF-8 (it comes from JSON) or was cleaned by printable().
std::string json_string(std::string_view text);

// Header values may hold any byte: what is not printable ASCII becomes '?', and what is too long is cut.
std::string printable(std::string_view text, std::size_t max_bytes);

std::string hex(const std::array<unsigned char, 32>& bytes);

// "%41" -> "A"; a broken escape stays as it is.
std::string percent_decoded(std::string_view text);

// The value of `name` in "a=1&b=2"; empty if absent.
std::string_view query_value(std::string_view query, std::string_view name);

// How deep arrays and objects nest, without parsing; for refusing a body before anything recurses over it.
std::size_t nesting_depth(std::string_view json_text);

}  // namespace titip::pcare_sim
