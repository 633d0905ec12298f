// SHA-256 of what comes piece by piece, and how far a walk over files is. For backup and restore alone; one thread.
#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/check.h"
#include "storage/restore.h"

namespace titip::storage {

class FileHash {
 public:
  FileHash() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "OpenSSL hashes");
  }
  void add(std::string_view bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "OpenSSL hashes");
  }
  std::string hex() {  // once
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1, "OpenSSL hashes");
    std::string text;
    for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Progress in bytes, said at the beginning, each 16 MiB and at the end.
class ByteMeter {
 public:
  ByteMeter(const OnProgress& progress, std::uint64_t of) : progress_(progress), of_(of) { say(); }
  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (done_ - said_ >= (16U << 20U) || done_ == of_) say();
  }

 private:
  void say() {
    said_ = done_;
    if (progress_) progress_({done_, of_});
  }
  const OnProgress& progress_;
  const std::uint64_t of_;
  std::uint64_t done_ = 0;
  std::uint64_t said_ = 0;
};

}  // namespace titip::storage
