// The kinds of objects that are sealed under the key file itself, not under a record's data key. Rotation reseals
// exactly these and reindexing renames exactly these, so sealing an object of a kind that is not listed here ends the
// process: a kind that was forgotten would become unreadable when its key goes.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace titip::storage {

struct SealedKind {
  std::string_view kind;
  bool named_by_keyed_hash = false;  // its names are digests (Sealer::keyed_hash) in lower-case hexadecimal
};
inline constexpr std::array sealed_kinds{
    SealedKind{"authorization", true},  // kept_authorization.h
    SealedKind{"login", true},          // kept_login.h
    SealedKind{"facility"},             // kept_facility.h; its name is the facility's code, which is not personal
    SealedKind{"read", true},           // an answer to a read, to be given again; the reads room's
    SealedKind{"verifier", true},       // a log-in the national server accepted; the reads room's
};

constexpr const SealedKind* find_sealed_kind(std::string_view kind) {
  const auto found = std::ranges::find(sealed_kinds, kind, &SealedKind::kind);
  return found != sealed_kinds.end() ? &*found : nullptr;
}

}  // namespace titip::storage
