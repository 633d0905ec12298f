#include "storage/sealing.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <mutex>
#include <span>
#include <vector>

#include "metrics/words/said.h"
#include "storage/check.h"
#include "storage/codec.h"
#include "storage/gcm.h"
#include "storage/hmac.h"
#include "storage/key_file.h"
#include "storage/randomness.h"
#include "storage/sealed_kinds.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t sealed_version = 1;
constexpr std::uint8_t wrapped_version = 2;
constexpr gcm::Nonce fixed_nonce{};

gcm::Nonce random_nonce() {
  gcm::Nonce nonce;
  fill_with_random(nonce);
  return nonce;
}

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<gcm::Nonce> take_nonce(Decoder& from) {
  const std::string_view bytes = from.bytes(gcm::nonce_size);
  if (!from.ok()) return std::nullopt;
  gcm::Nonce nonce;
  std::ranges::transform(bytes, nonce.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return nonce;
}

std::string bound_to_field(const SubmissionId& id, std::string_view what) {
  return Encoder().text("titip.seal").u8(sealed_version).id(id).text(what).take();
}
std::string bound_to_record(const SubmissionId& id) {
  return Encoder().text("titip.wrap").u8(wrapped_version).id(id).take();
}
std::string bound_to_object(std::string_view kind, std::string_view name) {
  return Encoder().text("titip.object").u8(wrapped_version).text(kind).text(name).take();
}

// A key for this one purpose and name: no random nonce is drawn often under one key, however many records there are.
DataKey derived(const DataKey& wrapping, std::string_view bound) {
  DataKey key;
  Hmac(wrapping).add(bound).finish(key.bytes);
  return key;
}

Digest digest_of(Hmac& hmac) {
  Hmac::Tag tag;
  hmac.finish(tag);
  Digest digest{};
  std::copy_n(tag.begin(), digest.size(), digest.begin());
  return digest;
}

Digest next_link(const DataKey& key, const Digest& digest) {
  Hmac hmac(key);
  return digest_of(hmac.add(text_of(digest)));
}

Digest hash_through(std::span<const DataKey> links, std::string_view domain,
                    std::initializer_list<std::string_view> parts) {
  Digest digest{};
  {
    Hmac hmac(links.front());
    hmac.add_counted(domain);
    for (const std::string_view part : parts) hmac.add_counted(part);
    digest = digest_of(hmac);
  }
  for (const DataKey& link : links.subspan(1)) digest = next_link(link, digest);
  return digest;
}

// What both a wrapped data key and a sealed object begin with.
std::optional<std::uint32_t> take_key_id(Decoder& from) {
  const bool known = from.u8() == wrapped_version;
  const std::uint32_t id = from.u32();
  return known && from.ok() ? std::optional(id) : std::nullopt;
}

}  // namespace

DataKey::~DataKey() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

// What wraps, and wrapped. Immutable once it is in the ring.
struct Sealer::Keys {
  std::vector<WrappingKey> in_file;  // the current one first
  std::vector<WrappingKey> retired;  // gone from the file while this process ran

  const WrappingKey& current() const { return in_file.front(); }
  const DataKey* wrapping(std::uint32_t id) const {
    for (const auto* list : {&in_file, &retired}) {
      const auto found = std::ranges::find(*list, id, &WrappingKey::id);
      if (found != list->end()) return &found->key;
    }
    return nullptr;
  }
};

struct Sealer::Ring {
  const std::vector<DataKey> index;  // the same as long as the ring: whoever hashes takes no lock
  mutable std::mutex mutex;
  std::shared_ptr<const Keys> keys;

  explicit Ring(KeyFile file)
      : index(std::move(file.index)), keys(std::make_shared<const Keys>(Keys{std::move(file.wrapping), {}})) {}
  std::span<const DataKey> links() const { return index; }
  std::shared_ptr<const Keys> now() const {
    const std::scoped_lock lock(mutex);
    return keys;
  }
};

Sealer::Sealer(std::unique_ptr<Ring> ring) : ring_(std::move(ring)) {}
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

std::expected<Sealer, std::string> Sealer::open(const std::filesystem::path& key_file, bool may_create) {
  std::error_code error;
  const bool missing = !std::filesystem::exists(std::filesystem::symlink_status(key_file, error));
  if (missing && !may_create) {
    return std::unexpected(words::tell(
        "the key file {} is missing; restore it from its backup (without it nothing that is sealed can be read)",
        key_file.string()));
  }
  auto file = missing ? make_key_file(key_file) : read_key_file(key_file);
  if (!file) return std::unexpected(std::move(file.error()));
  if (!gcm::offered())
    return std::unexpected(words::tell("this OpenSSL offers no AES-256-GCM; use the system's own OpenSSL 3"));
  return Sealer(std::make_unique<Ring>(*std::move(file)));
}

std::expected<void, std::string> Sealer::reload(const std::filesystem::path& key_file) {
  auto file = read_key_file(key_file);
  if (!file) return std::unexpected(std::move(file.error()));
  const auto same = [](const DataKey& a, const DataKey& b) { return a.bytes == b.bytes; };
  const std::scoped_lock lock(ring_->mutex);
  const Keys& before = *ring_->keys;
  if (!std::ranges::equal(ring_->index, file->index, same)) {
    return std::unexpected(words::tell(
        "the key file {} has other index keys than the one this gateway was started with; restart the gateway",
        key_file.string()));
  }
  Keys next{std::move(file->wrapping), before.retired};
  for (const WrappingKey& each : before.in_file) {
    if (next.wrapping(each.id) == nullptr) next.retired.push_back(each);
  }
  ring_->keys = std::make_shared<const Keys>(std::move(next));
  return {};
}

NewDataKey Sealer::new_data_key(const SubmissionId& id) const {
  const auto keys = ring_->now();
  NewDataKey made;
  fill_with_random(made.key.bytes);
  const std::string bound = bound_to_record(id);
  Encoder wrapped;
  wrapped.reserve(1 + 4 + made.key.bytes.size() + gcm::tag_size);
  made.wrapped = wrapped.u8(wrapped_version).u32(keys->current().id).take();
  gcm::seal(derived(keys->current().key, bound), fixed_nonce, bound, text_of(made.key.bytes), made.wrapped);
  return made;
}

std::optional<DataKey> Sealer::unwrap(const SubmissionId& id, std::string_view wrapped) const {
  const auto keys = ring_->now();
  Decoder from(wrapped);
  const auto key_id = take_key_id(from);
  const DataKey* wrapping = key_id ? keys->wrapping(*key_id) : nullptr;
  if (wrapping == nullptr) return std::nullopt;
  const std::string bound = bound_to_record(id);
  auto plain = gcm::open(derived(*wrapping, bound), fixed_nonce, bound, from.bytes(from.left()));
  if (!plain) return std::nullopt;
  std::optional<DataKey> key;
  if (plain->size() == DataKey{}.bytes.size()) {
    key.emplace();
    std::ranges::transform(*plain, key->bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  }
  OPENSSL_cleanse(plain->data(), plain->size());
  return key;
}

std::optional<std::string> Sealer::rewrap(const SubmissionId& id, std::string_view wrapped) const {
  const auto key = unwrap(id, wrapped);
  if (!key) return std::nullopt;
  const auto keys = ring_->now();
  const std::string bound = bound_to_record(id);
  std::string again = Encoder().u8(wrapped_version).u32(keys->current().id).take();
  // The same nonce for the same plaintext, should this be done twice: the very same bytes come out.
  gcm::seal(derived(keys->current().key, bound), fixed_nonce, bound, text_of(key->bytes), again);
  return again;
}

Sealer::WrappedBy Sealer::wrapped_by(std::string_view bytes) const {
  const auto id = key_id_of(bytes);
  if (!id) return WrappedBy::nobody;
  const auto keys = ring_->now();
  if (*id == keys->current().id) return WrappedBy::current_key;
  return keys->wrapping(*id) != nullptr ? WrappedBy::older_key : WrappedBy::unknown_key;
}

std::optional<std::uint32_t> Sealer::key_id_of(std::string_view bytes) {
  Decoder from(bytes);
  return take_key_id(from);
}

std::uint32_t Sealer::current_key_id() const {
  return ring_->now()->current().id;
}

Sealed Sealer::seal(const DataKey& key, const SubmissionId& id, std::string_view what, std::string_view plain) const {
  const gcm::Nonce nonce = random_nonce();
  Encoder sealed;
  sealed.reserve(1 + gcm::nonce_size + plain.size() + gcm::tag_size);
  Sealed made{sealed.u8(sealed_version).bytes(text_of(nonce)).take()};
  gcm::seal(key, nonce, bound_to_field(id, what), plain, made.bytes);
  return made;
}

std::optional<std::string> Sealer::open(const DataKey& key, const SubmissionId& id, std::string_view what,
                                        const Sealed& sealed) const {
  Decoder from(sealed.bytes);
  if (from.u8() != sealed_version) return std::nullopt;
  const auto nonce = take_nonce(from);
  if (!nonce) return std::nullopt;
  return gcm::open(key, *nonce, bound_to_field(id, what), from.bytes(from.left()));
}

Sealed Sealer::seal_object(std::string_view kind, std::string_view name, std::string_view plain) const {
  check(find_sealed_kind(kind) != nullptr, "a kind of sealed objects stands in sealed_kinds.h");
  const auto keys = ring_->now();
  const std::string bound = bound_to_object(kind, name);
  const gcm::Nonce nonce = random_nonce();
  Sealed made{Encoder().u8(wrapped_version).u32(keys->current().id).bytes(text_of(nonce)).take()};
  gcm::seal(derived(keys->current().key, bound), nonce, bound, plain, made.bytes);
  return made;
}

std::optional<std::string> Sealer::open_object(std::string_view kind, std::string_view name,
                                               const Sealed& sealed) const {
  const auto keys = ring_->now();
  Decoder from(sealed.bytes);
  const auto key_id = take_key_id(from);
  const DataKey* wrapping = key_id ? keys->wrapping(*key_id) : nullptr;
  const auto nonce = take_nonce(from);
  if (wrapping == nullptr || !nonce) return std::nullopt;
  const std::string bound = bound_to_object(kind, name);
  return gcm::open(derived(*wrapping, bound), *nonce, bound, from.bytes(from.left()));
}

Digest Sealer::keyed_hash(std::string_view domain, std::initializer_list<std::string_view> parts) const {
  return hash_through(ring_->links(), domain, parts);
}

Digest Sealer::keyed_hash_through(std::size_t links, std::string_view domain,
                                  std::initializer_list<std::string_view> parts) const {
  check(links >= 1 && links <= index_links(), "a keyed hash goes through keys of the chain");
  return hash_through(ring_->links().first(links), domain, parts);
}

Digest Sealer::moved_on(const Digest& digest, std::size_t links) const {
  check(links >= 1 && links <= index_links(), "a digest went through keys of the chain");
  Digest moved = digest;
  for (const DataKey& link : ring_->links().subspan(links)) moved = next_link(link, moved);
  return moved;
}

std::size_t Sealer::index_links() const {
  return ring_->index.size();
}

}  // namespace titip::storage
