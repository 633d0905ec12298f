// What tells whether a store and a key file belong together: a keyed hash of nothing, kept as an object. With another
// chain of index keys every look-up would quietly find nothing, duplicates above all, so a store is not served before
// this was looked at.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "storage/not_opened.h"
#include "storage/sealing.h"
#include "storage/waiting_home.h"

namespace titip::storage {

inline constexpr std::string_view index_check_kind = "index-keys";
inline constexpr std::string_view index_check_name = "check";

struct IndexCheck {
  std::size_t links = 0;  // how many keys of the chain the digests of this store went through
  Digest digest{};
};
IndexCheck index_check_of(const Sealer& sealer);
std::string encode(const IndexCheck& check);
std::optional<IndexCheck> decode_index_check(std::string_view bytes);

// How many links the digests of the store went through, by what it holds; nothing if the chain is not this store's.
std::optional<std::size_t> links_of(const Sealer& sealer, const IndexCheck& held);

// The same of a backup, or of a store nobody has open, before anything is put back: refuses one of another key file.
// One from before a reindex is right: it is moved on afterwards. Nothing is changed. Blocking.
std::expected<void, std::string> check_index_keys_of_copy(const std::filesystem::path& directory, const Sealer& sealer);

// At start, before anything is served: refuses a store of another key file, or of an earlier chain of it, with a
// sentence that says what to do. A store that holds no check yet gets one. Blocking.
std::expected<void, NotOpened> check_index_keys(Store& store, const Sealer& sealer, WaitingHome& home);

}  // namespace titip::storage
