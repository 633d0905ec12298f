// Spoils stored bytes, and looks at what became of them.
#pragma once

#include <optional>
#include <string>

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/support.h"

namespace titip::storage {

// One bit of it is another.
inline std::string spoil(Kv& kv, Family family, const std::string& key) {
  const auto before = kv.get(family, key);
  EXPECT_TRUE(before.has_value() && before->has_value()) << "there is something to spoil";
  std::string bytes = before && *before ? **before : "nothing";
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  EXPECT_TRUE(kv.commit({{family, key, bytes}}).has_value());
  return bytes;
}

inline std::optional<Quarantined> set_apart_at(const KvReader& kv, Family family, const std::string& key) {
  const std::string at = keys::quarantine(family, key);
  const auto bytes = kv.get(Family::quarantine, at);
  if (!bytes || !*bytes) return std::nullopt;
  return decode_quarantined({Family::quarantine, at}, **bytes);
}

inline std::size_t due_rows(const KvReader& kv) {
  std::size_t rows = 0;
  EXPECT_TRUE(kv.scan(Family::due, {}, {}, [&](std::string_view, std::string_view) {
                  ++rows;
                  return true;
                }).has_value());
  return rows;
}

}  // namespace titip::storage
