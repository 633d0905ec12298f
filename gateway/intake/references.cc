#include "gateway/intake/references.h"

#include <fmt/format.h>

#include <algorithm>

#include "upstream/profile/source.h"
#include "upstream/profile/splice.h"

namespace titip::intake {
namespace {

using storage::Digest;
using storage::KeySpace;
using storage::Sealer;

const profile::ReferenceKind* find_kind(const profile::Profile& profile, std::string_view name) {
  const auto found = std::ranges::find(profile.references, name, &profile::ReferenceKind::name);
  return found == profile.references.end() ? nullptr : &*found;
}

Digest key_of(const Sealer& sealer, const KeySpace& space, const profile::QuotedNumber& quote) {
  return storage::reference_key(sealer, space, quote.reference, quote.scope, quote.number);
}

bool looks_provisional(const profile::Profile& profile, const profile::QuotedNumber& quote) {
  const auto* kind = find_kind(profile, quote.reference);
  return kind != nullptr && profile::is_provisional(*kind, {}, quote.number);
}

}  // namespace

std::vector<Digest> keys_of_quotes(const Sealer& sealer, const KeySpace& space, const profile::Chain& chain) {
  std::vector<Digest> keys;
  for (const auto& quote : chain.quotes) keys.push_back(key_of(sealer, space, quote));
  return keys;
}

MadeNumber make_number(const Sealer& sealer, const KeySpace& space, const profile::Profile& profile,
                       const profile::YieldedNumber& yielded, std::string_view date, std::uint64_t random,
                       profile::Filled filled) {
  const auto* kind = find_kind(profile, yielded.reference);  // the loader has seen to it
  MadeNumber made{yielded.reference, {}, {}};
  if (kind != nullptr) made.number = profile::make_provisional(*kind, space.facility, date, random, filled);
  made.key = storage::reference_key(sealer, space, yielded.reference, yielded.scope, made.number);
  return made;
}

Quoted judge_quotes(const profile::Profile& profile, const profile::Route& route, const profile::Chain& chain,
                    std::span<const Digest> keys, std::span<const std::optional<storage::Reference>> found) {
  Quoted quoted;
  for (std::size_t at = 0; at < chain.quotes.size(); ++at) {
    const auto& quote = chain.quotes[at];
    const auto& known = found[at];
    if (!known) {
      if (looks_provisional(profile, quote))
        quoted.unknown.push_back(
            {quote.at, words::said("This gateway never gave your facility this {}; quote the number that you were "
                                   "given.",
                                   quote.reference)});
      continue;
    }
    quoted.origins.insert_or_assign(quote.at, "titip:" + known->origin.text());
    if (known->value.empty()) quoted.awaited.push_back(keys[at]);
    if (quote.reference == route.ordering_from) quoted.ordering_from = known->origin;
  }
  return quoted;
}

std::string canonical_body(std::string_view body, const Origins& origins) {
  std::string canonical(body);
  for (const auto& [place, origin] : origins) {
    if (!place.starts_with('/')) continue;
    if (auto spliced = profile::splice_string(canonical, place, origin)) canonical = std::move(*spliced);
  }
  return canonical;
}

std::map<std::string, std::string, std::less<>> canonical_parameters(
    const std::map<std::string, std::string, std::less<>>& parameters, const Origins& origins) {
  auto canonical = parameters;
  for (auto& [name, value] : canonical)
    if (const auto origin = origins.find(fmt::format("{{{}}}", name)); origin != origins.end()) value = origin->second;
  return canonical;
}

std::vector<std::string> canonical_natural(const profile::Route& route, const Identity& identity,
                                           const Origins& origins) {
  auto natural = identity.natural.value_or(std::vector<std::string>());
  for (const auto& quote : identity.chain.quotes) {
    const auto origin = origins.find(quote.at);
    if (origin == origins.end()) continue;
    for (std::size_t at = 0; at < route.natural_key.size() && at < natural.size(); ++at) {
      const auto sources = profile::alternatives(route.natural_key[at]);
      const bool is_here = std::ranges::find(sources, quote.at) != sources.end() && natural[at] == quote.number;
      if (is_here) natural[at] = origin->second;
    }
  }
  return natural;
}

std::vector<Digest> keys_required(const Sealer& sealer, const KeySpace& space, const profile::Chain& chain) {
  std::vector<Digest> keys;
  for (const auto& required : chain.requirements)
    keys.push_back(storage::requirement_key(sealer, space, required.route, required.identity));
  return keys;
}

std::optional<Digest> key_provided(const Sealer& sealer, const KeySpace& space, const profile::Route& route,
                                   const profile::Chain& chain) {
  if (chain.provides.empty()) return std::nullopt;
  return storage::requirement_key(sealer, space, route.id, chain.provides);
}

std::optional<Digest> key_taken_back(const Sealer& sealer, const KeySpace& space, const profile::Route& route,
                                     const profile::Chain& chain) {
  if (!route.takes_back) return std::nullopt;
  if (chain.takes_back)
    return storage::requirement_key(sealer, space, chain.takes_back->route, chain.takes_back->identity);
  const auto& reference = route.takes_back->reference;
  const auto quote = std::ranges::find(chain.quotes, reference, &profile::QuotedNumber::reference);
  return quote == chain.quotes.end() ? std::nullopt : std::optional(key_of(sealer, space, *quote));
}

}  // namespace titip::intake
