// The API key of a facility: 32 random bytes as text, of which only the hash is kept. A key has no shorter secret
// behind it that could be guessed, so one SHA-256 is enough. Titip's own; no national service knows it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace titip::scheme {

inline constexpr std::string_view api_key_header = "X-Api-Key";
inline constexpr std::size_t least_api_key = 32;  // bytes of one that somebody else made
inline constexpr std::size_t most_api_key = 256;

std::optional<std::string> make_api_key();       // "titip_…"; nothing: the machine gave no random bytes
std::string api_key_hash(std::string_view key);  // hexadecimal
bool is_api_key_hash(std::string_view text);
// Takes as long whatever `kept` is; false where it is empty.
bool api_key_is(std::string_view kept, std::string_view hash_of_given);

}  // namespace titip::scheme
