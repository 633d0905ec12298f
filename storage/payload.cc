#include "storage/payload.h"

#include <utility>

#include "storage/codec.h"

namespace titip::storage {
namespace {
constexpr std::uint8_t payload_version = 2;
constexpr std::uint8_t without_provisional = 1;  // version 1 ended before them
}  // namespace

std::string encode(const Payload& payload) {
  Encoder out;
  out.reserve(32 + payload.method.size() + payload.target.size() + payload.content_type.size() + payload.body.size() +
              payload.credentials.size());
  out.u8(payload_version);
  for (const auto* part :
       {&payload.method, &payload.target, &payload.content_type, &payload.body, &payload.credentials}) {
    out.blob(*part);
  }
  out.u32(static_cast<std::uint32_t>(payload.provisional.size()));
  for (const auto& [kind, number] : payload.provisional) {
    out.blob(kind);
    out.blob(number);
  }
  return out.take();
}

std::optional<Payload> decode_payload(std::string_view bytes) {
  Decoder in(bytes);
  const auto version = in.u8();
  if (version != payload_version && version != without_provisional) return std::nullopt;
  Payload payload;
  payload.method = in.blob();
  payload.target = in.blob();
  payload.content_type = in.blob();
  payload.body = in.blob();
  payload.credentials = in.blob();
  if (version == payload_version) {
    // Asked each time, so that a damaged count cannot make it long.
    for (auto left = in.u32(); left > 0 && in.ok(); --left) {
      auto kind = in.blob();
      payload.provisional.emplace_back(std::move(kind), in.blob());
    }
  }
  if (!in.done()) return std::nullopt;
  return payload;
}

}  // namespace titip::storage
