#include "storage/gcm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "storage/check.h"

namespace titip::storage::gcm {
namespace {

struct CipherFree {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

// Fetched once: an implicit fetch at every call costs more than sealing a kilobyte. Immutable, so free to share.
const EVP_CIPHER* cipher() {
  static const std::unique_ptr<EVP_CIPHER, CipherFree> fetched(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  return fetched.get();
}

Context made(bool for_sealing) {
  Context context(EVP_CIPHER_CTX_new());
  const int ready = context == nullptr ? 0
                    : for_sealing      ? EVP_EncryptInit_ex2(context.get(), cipher(), nullptr, nullptr, nullptr)
                                       : EVP_DecryptInit_ex2(context.get(), cipher(), nullptr, nullptr, nullptr);
  check(ready == 1, "AES-256-GCM is ready");
  return context;
}

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// EVP takes int lengths; nothing of ours comes near that.
int size_of(std::string_view bytes) {
  check(bytes.size() <= (1U << 30U), "what is sealed is at most 1 GiB");
  return static_cast<int>(bytes.size());
}

}  // namespace

bool offered() {
  return cipher() != nullptr;
}

void seal(const DataKey& key, const Nonce& nonce, std::string_view authenticated, std::string_view plain,
          std::string& out) {
  thread_local const Context kept = made(true);
  EVP_CIPHER_CTX* context = kept.get();
  const std::size_t before = out.size();
  out.resize(before + plain.size() + tag_size);
  unsigned char* body = reinterpret_cast<unsigned char*>(out.data()) + before;
  int done = 0;
  int last = 0;
  bool ok = EVP_EncryptInit_ex2(context, nullptr, key.bytes.data(), nonce.data(), nullptr) == 1 &&
            EVP_EncryptUpdate(context, nullptr, &done, in(authenticated), size_of(authenticated)) == 1 &&
            EVP_EncryptUpdate(context, body, &done, in(plain), size_of(plain)) == 1;
  ok = ok && EVP_EncryptFinal_ex(context, body + done, &last) == 1 &&
       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size), body + plain.size()) == 1;
  check(ok, "AES-256-GCM seals");
}

std::optional<std::string> open(const DataKey& key, const Nonce& nonce, std::string_view authenticated,
                                std::string_view sealed) {
  thread_local const Context kept = made(false);
  EVP_CIPHER_CTX* context = kept.get();
  if (sealed.size() < tag_size) return std::nullopt;
  const std::string_view body = sealed.substr(0, sealed.size() - tag_size);
  std::array<unsigned char, tag_size> tag{};
  sealed.copy(reinterpret_cast<char*>(tag.data()), tag.size(), body.size());
  std::string plain(body.size(), '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  int done = 0;
  int last = 0;
  bool ok = EVP_DecryptInit_ex2(context, nullptr, key.bytes.data(), nonce.data(), nullptr) == 1 &&
            EVP_DecryptUpdate(context, nullptr, &done, in(authenticated), size_of(authenticated)) == 1 &&
            EVP_DecryptUpdate(context, out, &done, in(body), size_of(body)) == 1;
  // The tag is only compared by Final: without it an empty plaintext would open under any tag.
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data()) == 1 &&
       EVP_DecryptFinal_ex(context, out + done, &last) == 1;
  if (!ok) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return std::nullopt;
  }
  return plain;
}

}  // namespace titip::storage::gcm
