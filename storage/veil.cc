#include "storage/veil.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "storage/check.h"

namespace titip::storage {
namespace {

struct CipherFree {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

// Fetched once: as gcm.cc, and for the same reason.
const EVP_CIPHER* cipher() {
  static const std::unique_ptr<EVP_CIPHER, CipherFree> fetched(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr));
  return fetched.get();
}

// One block is a permutation of 16 bytes: the mode that is wrong for messages is right for it.
Context permutation(Digest key, bool forth) {
  Context context(EVP_CIPHER_CTX_new());
  const bool made = context != nullptr &&
                    EVP_CipherInit_ex2(context.get(), cipher(), key.data(), nullptr, forth ? 1 : 0, nullptr) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  check(made, "AES-128 is ready");
  return context;
}

SubmissionId permuted(EVP_CIPHER_CTX* permutation, const SubmissionId& id) {
  SubmissionId out;
  int size = 0;
  const bool done =
      EVP_CipherUpdate(permutation, out.bytes.data(), &size, id.bytes.data(), static_cast<int>(id.bytes.size())) == 1;
  check(done && size == static_cast<int>(out.bytes.size()), "AES permutes a block");
  return out;
}

}  // namespace

Veil::Veil(const Sealer& sealer, std::string_view domain)
    : permutation_(permutation(sealer.keyed_hash("veil", {domain}), true)) {}

SubmissionId Veil::over(const SubmissionId& id) const {
  return permuted(permutation_.get(), id);
}

SubmissionId veil(const Sealer& sealer, std::string_view domain, const SubmissionId& id) {
  return Veil(sealer, domain).over(id);
}

std::vector<SubmissionId> lift_veil(const Sealer& sealer, std::string_view domain, const SubmissionId& veiled) {
  std::vector<SubmissionId> ids;
  for (std::size_t links = sealer.index_links(); links > 0; --links) {
    const auto back = permutation(sealer.keyed_hash_through(links, "veil", {domain}), false);
    ids.push_back(permuted(back.get(), veiled));
  }
  return ids;
}

}  // namespace titip::storage
