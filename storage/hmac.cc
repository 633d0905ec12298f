#include "storage/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <span>

#include "storage/check.h"

namespace titip::storage {
namespace {

constexpr std::uint8_t inner_pad = 0x36;
constexpr std::uint8_t outer_pad = 0x5c;

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct DigestFree {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};

const EVP_MD* sha256() {
  static const std::unique_ptr<EVP_MD, DigestFree> digest(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  check(digest != nullptr, "OpenSSL offers SHA-256");
  return digest.get();
}

// Kept for the life of the thread: making one costs as much as hashing.
EVP_MD_CTX* context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, ContextFree> kept = [] {
    std::unique_ptr<EVP_MD_CTX, ContextFree> made(EVP_MD_CTX_new());
    check(made != nullptr && EVP_DigestInit_ex2(made.get(), sha256(), nullptr) == 1, "SHA-256 starts");
    return made;
  }();
  return kept.get();
}

void start(std::span<const std::uint8_t> first) {
  check(EVP_DigestInit_ex2(context(), nullptr, nullptr) == 1 &&
            EVP_DigestUpdate(context(), first.data(), first.size()) == 1,
        "SHA-256 starts again");
}

void end(Hmac::Tag& out) {
  unsigned size = 0;
  check(EVP_DigestFinal_ex(context(), out.data(), &size) == 1 && size == out.size(), "SHA-256 ends");
}

}  // namespace

Hmac::Hmac(const DataKey& key) {
  std::ranges::copy(key.bytes, pad_.begin());
  for (auto& byte : pad_) byte ^= inner_pad;
  start(pad_);
}

Hmac::~Hmac() {
  OPENSSL_cleanse(pad_.data(), pad_.size());
}

Hmac& Hmac::add(std::string_view bytes) {
  check(EVP_DigestUpdate(context(), bytes.data(), bytes.size()) == 1, "SHA-256 goes on");
  return *this;
}

Hmac& Hmac::add_counted(std::string_view bytes) {
  check(bytes.size() <= std::numeric_limits<std::uint32_t>::max(), "what is hashed is at most 4 GiB long");
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const char count[] = {static_cast<char>(size >> 24U), static_cast<char>(size >> 16U), static_cast<char>(size >> 8U),
                        static_cast<char>(size)};
  return add({count, sizeof count}).add(bytes);
}

void Hmac::finish(Tag& tag) {
  end(tag);
  for (auto& byte : pad_) byte ^= inner_pad ^ outer_pad;
  start(pad_);
  check(EVP_DigestUpdate(context(), tag.data(), tag.size()) == 1, "SHA-256 goes on");
  end(tag);
}

}  // namespace titip::storage
