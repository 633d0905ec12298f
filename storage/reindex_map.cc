#include "storage/reindex_map.h"

#include <algorithm>

#include "storage/codec.h"
#include "storage/frame.h"
#include "storage/hex.h"
#include "storage/index_check.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/sealed_kinds.h"

namespace titip::storage {
namespace {

using Entry = ReindexMap::Entry;

enum class Shape : std::uint8_t {
  plain,            // no digest in key or value
  record,           // digests in the value
  behind_a_digest,  // the key begins with one, the value has none
  due,              // the value holds the shard, which is the first byte of a digest
  object,           // by its kind
  quarantine,       // the key names another family's key
};

Shape shape_of(Family family) {
  switch (family) {
    case Family::info:
    case Family::payload:
    case Family::reply:
    case Family::attempt:
    case Family::open:
    case Family::counts:
    case Family::attention:
    case Family::audit:  // chained lines are not rewritten; their hashes say how many links they went through
      return Shape::plain;
    case Family::meta:
      return Shape::record;
    case Family::chain:
    case Family::head:
    case Family::idempotency:
    case Family::natural:
    case Family::person:
    case Family::requirement:
    case Family::waiter:
      return Shape::behind_a_digest;
    case Family::due:
      return Shape::due;
    case Family::object:
      return Shape::object;
    case Family::quarantine:
      return Shape::quarantine;
  }
  std::abort();
}

// The same body under another key; nothing if it is damaged.
std::optional<std::string> reframed(const Place& from, const Place& to, std::string_view bytes) {
  if (!body_of(from, bytes)) return std::nullopt;
  const std::string_view covered = bytes.substr(0, bytes.size() - crc_bytes);
  return Encoder().bytes(covered).u32(checksum(to, covered)).take();
}

Entry as_it_is(std::string_view key, std::string_view value, bool damaged = false) {
  return {std::string(key), std::string(value), damaged};
}

}  // namespace

KvResult<Entry> ReindexMap::moved(Family family, std::string_view key, std::string_view value) const {
  switch (shape_of(family)) {
    case Shape::plain:
      return as_it_is(key, value);
    case Shape::record:
      return record(key, value);
    case Shape::behind_a_digest:
      return behind_a_digest(family, key, value);
    case Shape::due:
      return due(key, value);
    case Shape::object:
      return object(key, value);
    case Shape::quarantine:
      return set_apart(key, value);
  }
  std::abort();
}

Entry ReindexMap::record(std::string_view key, std::string_view value) const {
  const Place at{Family::meta, key};
  auto found = decode_record(at, value);
  if (!found) return as_it_is(key, value, true);
  Submission& s = found->submission;
  const auto move = [this](Digest& digest) { digest = sealer_.moved_on(digest, links_); };
  move(s.ordering_key);
  move(s.fingerprint);
  if (s.natural_key) move(*s.natural_key);
  if (s.person) move(*s.person);
  for (auto* list : {&s.requirements, &s.provides, &s.references}) std::ranges::for_each(*list, move);
  if (s.takes_back) move(*s.takes_back);
  return {std::string(key), encode(at, *found)};
}

// The key with the digest it begins with moved on.
std::optional<std::string> ReindexMap::moved_key(std::string_view key) const {
  Decoder in(key);
  const Digest digest = in.digest();
  if (!in.ok()) return std::nullopt;
  return Encoder().digest(sealer_.moved_on(digest, links_)).bytes(in.bytes(in.left())).take();
}

Entry ReindexMap::behind_a_digest(Family family, std::string_view key, std::string_view value) const {
  auto next = moved_key(key);
  if (!next) return as_it_is(key, value, true);
  auto framed = reframed({family, key}, {family, *next}, value);
  if (!framed) return {std::move(*next), std::string(value), true};
  return {std::move(*next), std::move(*framed)};
}

KvResult<Entry> ReindexMap::due(std::string_view key, std::string_view value) const {
  const Place at{Family::due, key};
  auto entry = decode_due(at, value);
  if (!entry) return as_it_is(key, value, true);
  const std::string id = keys::of(entry->id);
  const auto bytes = old_store_.get(Family::meta, id);
  if (!bytes) return std::unexpected(bytes.error());
  const auto record = *bytes ? decode_record({Family::meta, id}, **bytes) : std::nullopt;
  if (!record) return as_it_is(key, value, true);
  entry->shard = shard_of(sealer_.moved_on(record->submission.ordering_key, links_));
  return Entry{std::string(key), encode(at, *entry)};
}

// Objects named by a keyed hash get their new name, to which what is sealed in them is bound.
Entry ReindexMap::object(std::string_view key, std::string_view value) const {
  Decoder in(key);
  const std::string kind = in.name();
  const std::string name = in.rest();
  auto found = decode_object({Family::object, key}, value);
  if (!in.done() || !found) return as_it_is(key, value, true);
  if (kind == index_check_kind && name == index_check_name) {
    found->bytes = encode(index_check_of(sealer_));
    return {std::string(key), encode(Place{Family::object, key}, *found)};
  }
  const SealedKind* sealed = find_sealed_kind(kind);
  if (sealed == nullptr || !sealed->named_by_keyed_hash) return as_it_is(key, value);
  const auto digest = digest_of_hex(name);
  const auto plain = sealer_.open_object(kind, name, Sealed{found->bytes});
  if (!digest || !plain) return as_it_is(key, value, true);
  const std::string next_name = hex(sealer_.moved_on(*digest, links_));
  const std::string next = keys::object(kind, next_name);
  found->bytes = sealer_.seal_object(kind, next_name, *plain).bytes;
  return {next, encode(Place{Family::object, next}, *found)};
}

// What the damaged bytes themselves hold stays as it was.
Entry ReindexMap::set_apart(std::string_view key, std::string_view value) const {
  Decoder in(key);
  const std::string family_name = in.name();
  const auto found = std::ranges::find(family_names, family_name);
  if (!in.ok() || found == family_names.end()) return as_it_is(key, value, true);
  const auto family = static_cast<Family>(found - family_names.begin());
  if (shape_of(family) != Shape::behind_a_digest) return as_it_is(key, value);
  const auto inner = moved_key(in.bytes(in.left()));
  if (!inner) return as_it_is(key, value, true);
  std::string next = keys::quarantine(family, *inner);
  auto framed = reframed({Family::quarantine, key}, {Family::quarantine, next}, value);
  if (!framed) return as_it_is(key, value, true);
  return {std::move(next), std::move(*framed)};
}

}  // namespace titip::storage
