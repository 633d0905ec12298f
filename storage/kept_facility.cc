#include "storage/kept_facility.h"

#include <utility>

#include "storage/check.h"
#include "storage/codec.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t page = 1'000;
using Objects = std::vector<std::pair<std::string, Object>>;

// What a flag says stands, or does not stand, behind it.
enum Flag : std::uint8_t {
  is_disabled = 1U,
  says_encrypted = 2U,
  wants_encrypted = 4U,
  has_age = 8U,
  has_callback = 16U,
  wants_delivered = 32U,
  has_api_keys = 64U,
  has_more = 128U  // a second byte of flags, behind the first
};
enum MoreFlag : std::uint8_t { has_quota = 1U, all_more_flags = 1U };

// A number that may be below zero.
std::uint32_t folded(std::chrono::minutes offset) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(offset.count()));
}

}  // namespace

std::string encode(const Facility& facility) {
  unsigned flags = facility.disabled ? is_disabled : 0U;
  if (facility.encrypted_replies) flags |= says_encrypted | (*facility.encrypted_replies ? wants_encrypted : 0U);
  if (facility.signature_age) flags |= has_age;
  if (!facility.callback_url.empty()) flags |= has_callback | (facility.callback_delivered ? wants_delivered : 0U);
  const bool keys = !facility.api_key_hash.empty() || !facility.former_api_key_hash.empty();
  if (keys) flags |= has_api_keys;
  if (facility.most_pending) flags |= has_more;
  Encoder bytes;
  bytes.u8(version).u8(static_cast<std::uint8_t>(flags));
  if (facility.most_pending) bytes.u8(has_quota);
  bytes.u32(folded(facility.utc_offset)).text(facility.name);
  bytes.text(facility.late_entry_reason).text(facility.username).text(facility.password);
  bytes.text(facility.consumer_id).text(facility.consumer_secret).text(facility.former_secret);
  if (facility.signature_age) bytes.varint(static_cast<std::uint64_t>(facility.signature_age->count()));
  if (!facility.callback_url.empty())
    bytes.text(facility.callback_url).text(facility.callback_secret).text(facility.former_callback_secret);
  if (keys) bytes.text(facility.api_key_hash).text(facility.former_api_key_hash);
  if (facility.most_pending) bytes.varint(*facility.most_pending);
  return bytes.take();
}

std::optional<Facility> decode_facility(std::string_view code, std::string_view bytes) {
  Decoder from(bytes);
  if (from.u8() != version) return std::nullopt;
  const std::uint8_t flags = from.u8();
  const std::uint8_t more = (flags & has_more) != 0 ? from.u8() : std::uint8_t{0};
  if (more > all_more_flags) return std::nullopt;
  Facility facility;
  facility.code = std::string(code);
  facility.disabled = (flags & is_disabled) != 0;
  if ((flags & says_encrypted) != 0) facility.encrypted_replies = (flags & wants_encrypted) != 0;
  facility.utc_offset = std::chrono::minutes(static_cast<std::int32_t>(from.u32()));
  facility.name = from.text();
  facility.late_entry_reason = from.text();
  facility.username = from.text();
  facility.password = from.text();
  facility.consumer_id = from.text();
  facility.consumer_secret = from.text();
  facility.former_secret = from.text();
  if ((flags & has_age) != 0) facility.signature_age = std::chrono::seconds(from.varint_of<std::uint32_t>());
  if ((flags & has_callback) != 0) {
    facility.callback_delivered = (flags & wants_delivered) != 0;
    facility.callback_url = from.text();
    facility.callback_secret = from.text();
    facility.former_callback_secret = from.text();
  }
  if ((flags & has_api_keys) != 0) {
    facility.api_key_hash = from.text();
    facility.former_api_key_hash = from.text();
  }
  if ((more & has_quota) != 0) facility.most_pending = from.varint();
  return from.done() ? std::optional(std::move(facility)) : std::nullopt;
}

Result<KeptFacilities> read_facilities(Store& store, const Sealer& sealer, WaitingHome& home) {
  KeptFacilities kept;
  for (std::string after;;) {
    const auto list = home.ask_patiently<Objects>(
        [&](auto done) { store.list_objects(std::string(facility_object_kind), after, page, home, std::move(done)); });
    if (!list) return std::unexpected(list.error());
    for (const auto& [code, object] : *list) {
      const auto plain = sealer.open_object(facility_object_kind, code, Sealed{object.bytes});
      auto facility = plain ? decode_facility(code, *plain) : std::nullopt;
      if (facility) {
        kept.facilities.push_back(std::move(*facility));
      } else {
        kept.damaged.push_back(code);
      }
    }
    if (list->size() < page) return kept;
    after = list->back().first;
  }
}

Result<void> keep_facilities(Store& store, const Sealer& sealer, const std::vector<Facility>& facilities,
                             WaitingHome& home) {
  check(facilities.size() <= facilities_at_once, "so many facilities are written in several calls");
  std::vector<PutObject> batch;
  for (const auto& each : facilities) {
    auto sealed = sealer.seal_object(facility_object_kind, each.code, encode(each));
    batch.push_back({std::string(facility_object_kind), each.code, std::nullopt, std::move(sealed.bytes)});
  }
  const auto applied =
      home.ask_patiently<std::vector<Applied>>([&](auto done) { store.put_objects(batch, home, std::move(done)); });
  if (!applied) return std::unexpected(applied.error());
  return {};
}

}  // namespace titip::storage
