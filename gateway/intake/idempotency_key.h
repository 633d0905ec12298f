// The Idempotency-Key header (IETF draft-ietf-httpapi-idempotency-key-header-07): a quoted string; unquoted is
// tolerated because deployed clients send it so. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "metrics/words/said.h"

namespace titip::intake {

inline constexpr std::size_t idempotency_key_max = 255;

// The key without quotes, or a sentence that says what is wrong with it.
std::expected<std::string, words::Text> parse_idempotency_key(std::string_view header);

}  // namespace titip::intake
