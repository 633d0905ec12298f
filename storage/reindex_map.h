// What becomes of one stored entry when every keyed hash in it moves on along the chain of index keys. One table for
// all families (FORMAT.md): a family that is added must be entered there, which a switch without default enforces.
// Damaged values are copied as they are: still damaged under their new key, never made good.
// One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "storage/kv.h"
#include "storage/sealing.h"

namespace titip::storage {

class ReindexMap {
 public:
  // `old_store`: for records an entry points to. Digests went through `links` keys and move on to the end of the chain.
  ReindexMap(const Sealer& sealer, std::size_t links, const KvReader& old_store)
      : sealer_(sealer), links_(links), old_store_(old_store) {}

  struct Entry {
    std::string key;
    std::string value;
    bool damaged = false;  // what it held could not be moved on
  };
  KvResult<Entry> moved(Family family, std::string_view key, std::string_view value) const;

 private:
  Entry record(std::string_view key, std::string_view value) const;
  Entry behind_a_digest(Family family, std::string_view key, std::string_view value) const;
  KvResult<Entry> due(std::string_view key, std::string_view value) const;
  Entry object(std::string_view key, std::string_view value) const;
  Entry set_apart(std::string_view key, std::string_view value) const;
  std::optional<std::string> moved_key(std::string_view key) const;

  const Sealer& sealer_;
  const std::size_t links_;
  const KvReader& old_store_;
};

}  // namespace titip::storage
