// SHA-256 with the algorithm looked up once: OpenSSL 3 takes longer for that than for hashing a form. One thread.
#pragma once

#include <array>
#include <memory>
#include <string_view>

struct evp_md_st;
struct evp_md_ctx_st;

namespace titip::pcare_sim {

class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  std::array<unsigned char, 32> sha256(std::string_view text);

 private:
  evp_md_st* algorithm_;
  evp_md_ctx_st* context_;
};

}  // namespace titip::pcare_sim
