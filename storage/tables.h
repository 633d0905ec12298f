// Typed look-ups in a Staging: what is there but does not decode is a fault (Error::corrupt), not an absence.
// One thread (the writer).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/keys.h"
#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

template <class T>
std::optional<T> read(Staging& staging, Family family, std::string_view key, Decode<T> decode) {
  const std::string* bytes = staging.get(family, key);
  if (bytes == nullptr) return std::nullopt;
  auto value = decode({family, key}, *bytes);
  if (!value) staging.fail_damaged(family, key);
  return value;
}

template <class T>
void write(Staging& staging, Family family, std::string key, const T& value) {
  std::string bytes = encode(Place{family, key}, value);
  staging.put(family, std::move(key), std::move(bytes));
}

inline std::optional<Record> read_record(Staging& staging, const SubmissionId& id) {
  return read(staging, Family::meta, keys::of(id), decode_record);
}

inline void write_record(Staging& staging, const Record& record) {
  write(staging, Family::meta, keys::of(record.submission.id), record);
}

}  // namespace titip::storage
