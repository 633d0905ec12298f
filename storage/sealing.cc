#include "storage/sealing.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>

#include "storage/check.h"
#include "storage/codec.h"
#include "storage/key_file.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t sealed_version = 1;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

struct CipherFree {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct MacFree {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};
struct CipherContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct MacContextFree {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextFree>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacContextFree>;

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// EVP takes int lengths; nothing of ours comes near that.
int size_of(std::string_view bytes) {
  check(bytes.size() <= (1U << 30U), "what is sealed is at most 1 GiB");
  return static_cast<int>(bytes.size());
}

// Nonce, ciphertext and tag.
std::string gcm_seal(const EVP_CIPHER* cipher, const DataKey& key, std::string_view aad, std::string_view plain) {
  std::string sealed(nonce_size + plain.size() + tag_size, '\0');
  check(RAND_bytes(out(sealed), static_cast<int>(nonce_size)) == 1, "the system gives random bytes");
  const CipherContext context(EVP_CIPHER_CTX_new());
  int done = 0;
  int last = 0;
  unsigned char* body = out(sealed) + nonce_size;
  bool ok = context != nullptr &&
            EVP_EncryptInit_ex2(context.get(), cipher, key.bytes.data(), out(sealed), nullptr) == 1 &&
            EVP_EncryptUpdate(context.get(), nullptr, &done, in(aad), size_of(aad)) == 1 &&
            EVP_EncryptUpdate(context.get(), body, &done, in(plain), size_of(plain)) == 1;
  ok = ok && EVP_EncryptFinal_ex(context.get(), body + done, &last) == 1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size), body + plain.size()) == 1;
  check(ok, "AES-256-GCM seals");
  return sealed;
}

std::optional<std::string> gcm_open(const EVP_CIPHER* cipher, const DataKey& key, std::string_view aad,
                                    std::string_view sealed) {
  if (sealed.size() < nonce_size + tag_size) return std::nullopt;
  const std::string_view body = sealed.substr(nonce_size, sealed.size() - nonce_size - tag_size);
  std::string tag(sealed.substr(sealed.size() - tag_size));
  std::string plain(body.size(), '\0');
  const CipherContext context(EVP_CIPHER_CTX_new());
  int done = 0;
  int last = 0;
  bool ok = context != nullptr &&
            EVP_DecryptInit_ex2(context.get(), cipher, key.bytes.data(), in(sealed), nullptr) == 1 &&
            EVP_DecryptUpdate(context.get(), nullptr, &done, in(aad), size_of(aad)) == 1 &&
            EVP_DecryptUpdate(context.get(), out(plain), &done, in(body), size_of(body)) == 1;
  // The tag is only compared by Final: without it an empty plaintext would open under any tag.
  ok = ok && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), out(tag)) == 1 &&
       EVP_DecryptFinal_ex(context.get(), out(plain) + done, &last) == 1;
  if (!ok) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return std::nullopt;
  }
  return plain;
}

std::string bound_to(std::string_view purpose, const SubmissionId& id, std::string_view what) {
  return Encoder().text(purpose).u8(sealed_version).id(id).text(what).take();
}

std::string_view text_of(const DataKey& key) {
  return {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()};
}

}  // namespace

DataKey::~DataKey() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

struct Sealer::Keys {
  KeyFile file;
  // Fetched once: an implicit fetch at every call costs more than sealing a kilobyte. Immutable, so free to share.
  std::unique_ptr<EVP_CIPHER, CipherFree> cipher;
  std::unique_ptr<EVP_MAC, MacFree> mac;

  using Hash = std::array<std::uint8_t, 32>;

  Hash hmac(const DataKey& key, std::string_view message) const {
    const MacContext context(EVP_MAC_CTX_new(mac.get()));
    char digest_name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest_name, 0),
                                     OSSL_PARAM_construct_end()};
    Hash digest{};
    std::size_t size = 0;
    const bool ok = context != nullptr &&
                    EVP_MAC_init(context.get(), key.bytes.data(), key.bytes.size(), parameters) == 1 &&
                    EVP_MAC_update(context.get(), in(message), message.size()) == 1 &&
                    EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1 && size == digest.size();
    check(ok, "HMAC-SHA256 computes");
    return digest;
  }

  // A key for this one purpose and name: no random nonce is drawn twice under one key, however many records there are.
  DataKey derived(std::string_view bound) const {
    DataKey key;
    Hash digest = hmac(file.wrapping, bound);
    std::ranges::copy(digest, key.bytes.begin());
    OPENSSL_cleanse(digest.data(), digest.size());
    return key;
  }
};

Sealer::Sealer(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

std::expected<Sealer, std::string> Sealer::open(const std::filesystem::path& key_file, bool may_create) {
  std::error_code error;
  const bool missing = !std::filesystem::exists(std::filesystem::symlink_status(key_file, error));
  if (missing && !may_create) {
    return std::unexpected("the key file " + key_file.string() +
                           " is missing; restore it from its backup (without it nothing that is sealed can be read)");
  }
  auto file = missing ? make_key_file(key_file) : read_key_file(key_file);
  if (!file) return std::unexpected(std::move(file.error()));
  auto keys = std::make_unique<Keys>();
  keys->file = *file;
  keys->cipher.reset(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  keys->mac.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (keys->cipher == nullptr || keys->mac == nullptr) {
    return std::unexpected("this OpenSSL offers no AES-256-GCM or no HMAC; use the system's own OpenSSL 3");
  }
  return Sealer(std::move(keys));
}

NewDataKey Sealer::new_data_key(const SubmissionId& id) const {
  NewDataKey made;
  check(RAND_bytes(made.key.bytes.data(), static_cast<int>(made.key.bytes.size())) == 1,
        "the system gives random bytes");
  const std::string bound = bound_to("titip.wrap", id, "");
  made.wrapped = Encoder()
                     .u8(sealed_version)
                     .u32(keys_->file.key_id)
                     .bytes(gcm_seal(keys_->cipher.get(), keys_->derived(bound), bound, text_of(made.key)))
                     .take();
  return made;
}

std::optional<DataKey> Sealer::unwrap(const SubmissionId& id, std::string_view wrapped) const {
  Decoder from(wrapped);
  if (from.u8() != sealed_version || from.u32() != keys_->file.key_id || !from.ok()) return std::nullopt;
  const std::string bound = bound_to("titip.wrap", id, "");
  auto plain = gcm_open(keys_->cipher.get(), keys_->derived(bound), bound, from.bytes(from.left()));
  if (!plain) return std::nullopt;
  std::optional<DataKey> key;
  if (plain->size() == DataKey{}.bytes.size()) {
    key.emplace();
    std::ranges::transform(*plain, key->bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  }
  OPENSSL_cleanse(plain->data(), plain->size());
  return key;
}

Sealed Sealer::seal(const DataKey& key, const SubmissionId& id, std::string_view what, std::string_view plain) const {
  return {Encoder()
              .u8(sealed_version)
              .bytes(gcm_seal(keys_->cipher.get(), key, bound_to("titip.seal", id, what), plain))
              .take()};
}

std::optional<std::string> Sealer::open(const DataKey& key, const SubmissionId& id, std::string_view what,
                                        const Sealed& sealed) const {
  Decoder from(sealed.bytes);
  if (from.u8() != sealed_version || !from.ok()) return std::nullopt;
  return gcm_open(keys_->cipher.get(), key, bound_to("titip.seal", id, what), from.bytes(from.left()));
}

Sealed Sealer::seal_object(std::string_view what, std::string_view plain) const {
  const std::string bound = bound_to("titip.object", {}, what);
  return {Encoder()
              .u8(sealed_version)
              .u32(keys_->file.key_id)
              .bytes(gcm_seal(keys_->cipher.get(), keys_->derived(bound), bound, plain))
              .take()};
}

std::optional<std::string> Sealer::open_object(std::string_view what, const Sealed& sealed) const {
  Decoder from(sealed.bytes);
  if (from.u8() != sealed_version || from.u32() != keys_->file.key_id || !from.ok()) return std::nullopt;
  const std::string bound = bound_to("titip.object", {}, what);
  return gcm_open(keys_->cipher.get(), keys_->derived(bound), bound, from.bytes(from.left()));
}

Digest Sealer::keyed_hash(std::string_view domain, std::initializer_list<std::string_view> parts) const {
  Encoder message;
  message.blob(domain);
  for (const std::string_view part : parts) message.blob(part);
  std::string bytes = message.take();
  const Keys::Hash hash = keys_->hmac(keys_->file.index, bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  Digest digest{};
  std::copy_n(hash.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace titip::storage
