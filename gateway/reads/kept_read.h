// An answer of the national server to a read, kept so that it can be given again: sealed as an object, or in memory
// alone where it is about a person. How long it may be given is the route's rule. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/clock/clock.h"
#include "upstream/profile/profile.h"

namespace titip::reads {

inline constexpr std::string_view kept_read_kind = "read";

struct KeptRead {
  clock::WallTime read_at{};
  std::chrono::seconds lasts{0};  // then nobody may be given it any more: upkeep throws it away
  int http_status = 200;
  std::string content_type;
  std::string body;  // readable: decrypted
};

// Layout: version 1, milliseconds since 1970 and seconds it lasts (8 bytes each, big endian), status (2), length of the
// content type (2), content type, body.
std::string encode(const KeptRead& read);
std::optional<KeptRead> decode_kept_read(std::string_view bytes);

enum class Use : std::uint8_t {
  fresh,  // as good as asking
  stale,  // only while the server cannot be asked
  none,
};
// A clock that was set back makes an answer from the future: it is none.
Use use_of(const KeptRead& read, const profile::CacheRule& rule, clock::WallTime now);

}  // namespace titip::reads
