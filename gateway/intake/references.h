// What a request says of other records, brought together with what the store says of them: the numbers it quotes, the
// numbers made for it until the server gives its own, and what stands for a number where equal requests must look
// equal. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/intake/identity.h"
#include "storage/queries.h"
#include "storage/reference_keys.h"
#include "upstream/profile/chains.h"
#include "upstream/profile/numbers.h"
#include "upstream/profile/profile.h"

namespace titip::intake {

// The keys of the numbers it quotes, in their order.
std::vector<storage::Digest> keys_of_quotes(const storage::Sealer& sealer, const storage::KeySpace& space,
                                            const profile::Chain& chain);

struct MadeNumber {
  std::string reference;
  std::string number;
  storage::Digest key{};
};
// A provisional number of the kind that is to be yielded. `date` is YYYY-MM-DD.
MadeNumber make_number(const storage::Sealer& sealer, const storage::KeySpace& space, const profile::Profile& profile,
                       const profile::YieldedNumber& yielded, std::string_view date, std::uint64_t random,
                       profile::Filled filled = profile::Filled::digits);

// By the place in the request: what stands for the number there, be it the provisional or the real one.
using Origins = std::map<std::string, std::string, std::less<>>;

struct Quoted {
  std::vector<FieldFault> unknown;                     // provisional numbers that this gateway never gave this facility
  Origins origins;                                     // of those that are in custody, or were
  std::vector<storage::Digest> awaited;                // of those whose real number is not known yet
  std::optional<storage::SubmissionId> ordering_from;  // whose line it joins
};
// `keys` and `found`: of each quote. A number nobody knows that looks real is the server's own, and passed as it is.
Quoted judge_quotes(const profile::Profile& profile, const profile::Route& route, const profile::Chain& chain,
                    std::span<const storage::Digest> keys, std::span<const std::optional<storage::Reference>> found);

// The request with every number by what stands for it.
std::string canonical_body(std::string_view body, const Origins& origins);
std::map<std::string, std::string, std::less<>> canonical_parameters(
    const std::map<std::string, std::string, std::less<>>& parameters, const Origins& origins);
std::vector<std::string> canonical_natural(const profile::Route& route, const Identity& identity,
                                           const Origins& origins);

// What the record requires, provides and takes back.
std::vector<storage::Digest> keys_required(const storage::Sealer& sealer, const storage::KeySpace& space,
                                           const profile::Chain& chain);
std::optional<storage::Digest> key_provided(const storage::Sealer& sealer, const storage::KeySpace& space,
                                            const profile::Route& route, const profile::Chain& chain);
std::optional<storage::Digest> key_taken_back(const storage::Sealer& sealer, const storage::KeySpace& space,
                                              const profile::Route& route, const profile::Chain& chain);

}  // namespace titip::intake
