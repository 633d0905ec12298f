// The name of one request: in its answer, in the log, and for whoever asks about it on the telephone. Threads: one
// RequestIds per listener, on its loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace titip::http {

inline constexpr std::string_view request_id_field = "X-Request-Id";
inline constexpr std::size_t most_request_id = 64;

// Whether a name from elsewhere may stand in a log line and a header: 1 to 64 letters, digits, "-", "_" and ".".
bool is_request_id(std::string_view text);

// 13 characters of Crockford's base 32 (64 bits, and no allocation): none comes twice from one listener. Names, no
// secrets.
class RequestIds {
 public:
  RequestIds();
  std::string next();

 private:
  std::uint64_t state_;
};

}  // namespace titip::http
