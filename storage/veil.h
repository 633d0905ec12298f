// An id under a veil: a keyed permutation of its 16 bytes (AES, one block), so that who sees the veiled one learns
// nothing of the id, cannot make one up, and the gateway finds the id again by computing, without an index. The key is
// a keyed hash of the domain, so a veil depends on the chain of index keys: what was veiled before a reindex is lifted
// with as many of its keys as there were then.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "storage/sealing.h"
#include "storage/submission.h"

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX

namespace titip::storage {

// The veil of one domain, for whoever puts it over many ids: making its key costs ten times as much as using it. One
// thread at a time.
class Veil {
 public:
  Veil(const Sealer& sealer, std::string_view domain);
  SubmissionId over(const SubmissionId& id) const;

 private:
  std::shared_ptr<evp_cipher_ctx_st> permutation_;
};

// Over one. Any thread, as lift_veil().
SubmissionId veil(const Sealer& sealer, std::string_view domain, const SubmissionId& id);

// What may lie under it, by each length that the chain has had, the present one first. Of something that was never
// veiled these are ids of nothing: whoever asks compares with what stands in the record.
std::vector<SubmissionId> lift_veil(const Sealer& sealer, std::string_view domain, const SubmissionId& veiled);

// The domain of receipt codes: the code is the text of the veiled id.
inline constexpr std::string_view receipt_domain = "receipt";

}  // namespace titip::storage
