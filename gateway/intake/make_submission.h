// From a request that was read to what the store takes: keys, fingerprint, sealing. Pure but for the randomness in ids
// and keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/intake/identity.h"
#include "gateway/intake/intake.h"
#include "gateway/intake/references.h"

namespace titip::intake {

// What is known of a request before it is stored.
struct Draft {
  Identity identity;
  std::optional<std::string> client_key{};
  std::vector<storage::Digest> quoted_keys{};  // of identity.chain.quotes
  std::vector<MadeNumber> made{};              // for identity.chain.yields
  Quoted quoted{};
  std::optional<storage::Submission> origin{};  // whose ordering key and person it shares
};

// `receipts`: the veil of storage::receipt_domain.
storage::NewSubmission make_submission(const storage::Sealer& sealer, const storage::Veil& receipts,
                                       const Arrival& arrival, const Draft& draft, clock::WallTime now);

}  // namespace titip::intake
