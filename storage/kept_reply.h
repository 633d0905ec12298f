// The national server's own answer to a settled record, kept sealed beside it: what a replay is answered with.
// Layout: version 1, status (2 bytes, big endian), length of the content type (2 bytes), content type, body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace titip::storage {

struct KeptReply {
  int http_status = 0;
  std::string content_type;
  std::string body;
};

inline std::string encode(const KeptReply& reply) {
  const auto put = [](std::string& to, std::size_t value) {
    to += static_cast<char>(value >> 8U & 0xffU);
    to += static_cast<char>(value & 0xffU);
  };
  const auto type = std::string_view(reply.content_type).substr(0, 0xffff);
  std::string bytes(1, '\x01');
  put(bytes, static_cast<std::size_t>(reply.http_status));
  put(bytes, type.size());
  bytes += type;
  bytes += reply.body;
  return bytes;
}

inline std::optional<KeptReply> decode_kept_reply(std::string_view bytes) {
  const auto two = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[at])) << 8U |
           static_cast<std::uint8_t>(bytes[at + 1]);
  };
  if (bytes.size() < 5 || bytes[0] != '\x01') return std::nullopt;
  const auto type_size = two(3);
  if (bytes.size() < 5 + type_size) return std::nullopt;
  return KeptReply{static_cast<int>(two(1)), std::string(bytes.substr(5, type_size)),
                   std::string(bytes.substr(5 + type_size))};
}

}  // namespace titip::storage
