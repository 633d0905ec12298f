#include "storage/randomness.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "storage/check.h"

namespace titip::storage {
namespace {

class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  void take(std::span<std::uint8_t> out) {
    while (!out.empty()) {
      if (left_ == 0) refill();
      const std::size_t some = std::min(left_, out.size());
      std::uint8_t* from = bytes_.data() + (bytes_.size() - left_);
      std::copy_n(from, some, out.begin());
      OPENSSL_cleanse(from, some);
      left_ -= some;
      out = out.subspan(some);
    }
  }

 private:
  void refill() {
    check(RAND_priv_bytes(bytes_.data(), static_cast<int>(bytes_.size())) == 1, "the system gives random bytes");
    left_ = bytes_.size();
  }
  std::array<std::uint8_t, 512> bytes_{};
  std::size_t left_ = 0;
};

}  // namespace

void fill_with_random(std::span<std::uint8_t> out) {
  thread_local Pool pool;
  pool.take(out);
}

}  // namespace titip::storage
