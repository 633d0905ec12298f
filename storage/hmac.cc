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

void start() {
  check(EVP_DigestInit_ex2(context(), nullptr, nullptr) == 1, "SHA-256 starts again");
}

void hash(const void* bytes, std::size_t size) {
  check(EVP_DigestUpdate(context(), bytes, size) == 1, "SHA-256 goes on");
}

void end(Hmac::Tag& out) {
  unsigned size = 0;
  check(EVP_DigestFinal_ex(context(), out.data(), &size) == 1 && size == out.size(), "SHA-256 ends");
}

}  // namespace

Hmac::Hmac(const DataKey& key) {
  static_assert(sizeof key.bytes <= pad_size);
  const auto pad = std::span(bytes_).first(pad_size);
  std::ranges::fill(std::ranges::copy(key.bytes, pad.begin()).out, pad.end(), std::uint8_t{0});
  for (auto& byte : pad) byte ^= inner_pad;
  start();
}

// What was gathered names people.
Hmac::~Hmac() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

// What is gathered next overwrites it, but for the pad.
void Hmac::hash_gathered() {
  hash(bytes_.data() + begin_, end_ - begin_);
  begin_ = end_ = pad_size;
}

Hmac& Hmac::add(std::string_view bytes) {
  if (bytes.size() > bytes_.size() - end_) hash_gathered();
  if (bytes.size() > bytes_.size() - end_) {
    hash(bytes.data(), bytes.size());
  } else {
    end_ += bytes.copy(reinterpret_cast<char*>(bytes_.data()) + end_, bytes.size());
  }
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
  hash_gathered();
  end(tag);
  for (auto& byte : std::span(bytes_).first(pad_size)) byte ^= inner_pad ^ outer_pad;
  start();
  begin_ = 0;
  add({reinterpret_cast<const char*>(tag.data()), tag.size()}).hash_gathered();
  end(tag);
}

}  // namespace titip::storage
