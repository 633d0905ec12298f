#include "storage/index_check.h"

#include "metrics/words/said.h"
#include "storage/codec.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/rocks_kv.h"
#include "storage/rocks_kv_setup.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t check_version = 1;
constexpr std::string_view domain = "titip.index-check";

}  // namespace

IndexCheck index_check_of(const Sealer& sealer) {
  return {sealer.index_links(), sealer.keyed_hash(domain, {})};
}

std::string encode(const IndexCheck& check) {
  return Encoder().u8(check_version).u32(static_cast<std::uint32_t>(check.links)).digest(check.digest).take();
}

std::optional<IndexCheck> decode_index_check(std::string_view bytes) {
  Decoder in(bytes);
  if (in.u8() != check_version) return std::nullopt;
  IndexCheck check;
  check.links = in.u32();
  check.digest = in.digest();
  if (!in.done()) return std::nullopt;
  return check;
}

std::optional<std::size_t> links_of(const Sealer& sealer, const IndexCheck& held) {
  const bool within = held.links >= 1 && held.links <= sealer.index_links();
  if (!within || sealer.keyed_hash_through(held.links, domain, {}) != held.digest) return std::nullopt;
  return held.links;
}

std::expected<void, std::string> check_index_keys_of_copy(const std::filesystem::path& directory,
                                                          const Sealer& sealer) {
  const auto copy = open_rocks_copy(directory, RocksSetup{});
  if (!copy) return std::unexpected(copy.error());
  const std::string key = keys::object(index_check_kind, index_check_name);
  const auto bytes = (*copy)->get(Family::object, key);
  if (!bytes) {
    return std::unexpected(
        words::tell("cannot tell whether the key file belongs to {}: {}", directory.string(), bytes.error().text));
  }
  if (!*bytes) return {};  // from before there was a check
  const auto object = decode_object({Family::object, key}, **bytes);
  const auto held = object ? decode_index_check(object->bytes) : std::nullopt;
  if (held && links_of(sealer, *held)) return {};
  return std::unexpected(words::tell(
      "the key file is not the one of {}, or older than it: what is put back could not be used with it. "
      "Nothing was changed; put the key file in its place that was in use when this was written, or a later "
      "one of the same store",
      directory.string()));
}

std::expected<void, NotOpened> check_index_keys(Store& store, const Sealer& sealer, WaitingHome& home) {
  const std::string kind(index_check_kind);
  const std::string object_name(index_check_name);
  const auto found = home.ask_patiently<std::optional<Object>>(
      [&](auto done) { store.get_object(kind, object_name, home, std::move(done)); });
  if (!found)
    return std::unexpected(
        words::tell("cannot tell whether the key file is this store's: the store answers \"{}\"", name(found.error())));
  if (!*found) {
    const PutObject put{kind, object_name, 0, encode(index_check_of(sealer))};
    const auto kept =
        home.ask_patiently<std::vector<Applied>>([&](auto done) { store.put_objects({put}, home, std::move(done)); });
    if (!kept)
      return std::unexpected(words::tell("cannot note whether the key file is this store's: the store answers \"{}\"",
                                         name(kept.error())));
    return {};
  }
  const auto held = decode_index_check((*found)->bytes);
  const auto links = held ? links_of(sealer, *held) : std::nullopt;
  if (!links) {
    return std::unexpected(NotOpened::until_a_person_looked(words::tell(
        "the key file is not the one of this store, or older than it: with it no duplicate would be recognised; put "
        "the key file back that was in use when this store was last written")));
  }
  if (*links != sealer.index_links()) {
    return std::unexpected(NotOpened::until_a_person_looked(words::tell(
        "this store is from before the last reindex ({} index keys, the key file has {}); run titip keys reindex to "
        "bring it up to the key file",
        *links, sealer.index_links())));
  }
  return {};
}

}  // namespace titip::storage
