#include "storage/payload.h"

#include "storage/codec.h"

namespace titip::storage {
namespace {
constexpr std::uint8_t payload_version = 1;
}

std::string encode(const Payload& payload) {
  Encoder out;
  out.reserve(32 + payload.method.size() + payload.target.size() + payload.content_type.size() + payload.body.size() +
              payload.credentials.size());
  out.u8(payload_version);
  for (const auto* part :
       {&payload.method, &payload.target, &payload.content_type, &payload.body, &payload.credentials}) {
    out.blob(*part);
  }
  return out.take();
}

std::optional<Payload> decode_payload(std::string_view bytes) {
  Decoder in(bytes);
  if (in.u8() != payload_version) return std::nullopt;
  Payload payload;
  payload.method = in.blob();
  payload.target = in.blob();
  payload.content_type = in.blob();
  payload.body = in.blob();
  payload.credentials = in.blob();
  if (!in.done()) return std::nullopt;
  return payload;
}

}  // namespace titip::storage
