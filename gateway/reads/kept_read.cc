#include "gateway/reads/kept_read.h"

namespace titip::reads {
namespace {

void put(std::string& to, std::uint64_t value, unsigned bytes) {
  for (unsigned at = bytes; at-- > 0;) to += static_cast<char>(value >> (8U * at) & 0xffU);
}

std::uint64_t take(std::string_view& from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char c : from.substr(0, bytes)) value = value << 8U | static_cast<std::uint8_t>(c);
  from.remove_prefix(bytes);
  return value;
}

constexpr std::size_t head_bytes = 1 + 8 + 8 + 2 + 2;

}  // namespace

std::string encode(const KeptRead& read) {
  const auto type = std::string_view(read.content_type).substr(0, 0xffff);
  std::string bytes(1, '\x01');
  bytes.reserve(head_bytes + type.size() + read.body.size());
  put(bytes, static_cast<std::uint64_t>(read.read_at.time_since_epoch().count()), 8);
  put(bytes, static_cast<std::uint64_t>(read.lasts.count()), 8);
  put(bytes, static_cast<std::uint64_t>(read.http_status), 2);
  put(bytes, type.size(), 2);
  bytes += type;
  bytes += read.body;
  return bytes;
}

std::optional<KeptRead> decode_kept_read(std::string_view bytes) {
  if (bytes.size() < head_bytes || bytes[0] != '\x01') return std::nullopt;
  bytes.remove_prefix(1);
  KeptRead read;
  read.read_at = clock::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(take(bytes, 8))));
  read.lasts = std::chrono::seconds(static_cast<std::int64_t>(take(bytes, 8)));
  read.http_status = static_cast<int>(take(bytes, 2));
  const auto type_bytes = take(bytes, 2);
  if (bytes.size() < type_bytes) return std::nullopt;
  read.content_type = bytes.substr(0, type_bytes);
  read.body = bytes.substr(type_bytes);
  return read;
}

Use use_of(const KeptRead& read, const profile::CacheRule& rule, clock::WallTime now) {
  const auto age = now - read.read_at;
  if (age < std::chrono::milliseconds(0)) return Use::none;
  if (age < rule.fresh) return Use::fresh;
  return age < rule.fresh + rule.stale ? Use::stale : Use::none;
}

}  // namespace titip::reads
