#include "gateway/intake/idempotency_key.h"

#include <algorithm>

namespace titip::intake {

std::expected<std::string, words::Text> parse_idempotency_key(std::string_view header) {
  auto key = header;
  const bool opens = key.starts_with('"');
  const bool closes = key.size() > 1 && key.ends_with('"');
  if (opens != closes)
    return std::unexpected(words::text("Idempotency-Key opens a quote that it does not close, or the reverse."));
  if (opens) key = key.substr(1, key.size() - 2);
  if (key.empty())
    return std::unexpected(words::text("Idempotency-Key is empty; leave the header out, or send 1 to 255 characters."));
  if (key.size() > idempotency_key_max)
    return std::unexpected(words::text("Idempotency-Key is longer than 255 characters."));
  const auto allowed = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (!std::ranges::all_of(key, allowed))
    return std::unexpected(words::text("Idempotency-Key may hold visible ASCII without quotes and backslashes."));
  return std::string(key);
}

}  // namespace titip::intake
