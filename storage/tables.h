// Typed look-ups in a Staging: what is there but does not decode is a fault (Error::corrupt), not an absence.
// One thread (the writer).
#pragma once

#include <optional>
#include <string_view>

#include "storage/keys.h"
#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

template <class T>
std::optional<T> read(Staging& staging, Family family, std::string_view key,
                      std::optional<T> (*decode)(std::string_view)) {
  const std::string* bytes = staging.get(family, key);
  if (bytes == nullptr) return std::nullopt;
  auto value = decode(*bytes);
  if (!value) staging.fail(Error::corrupt);
  return value;
}

inline std::optional<Record> read_record(Staging& staging, const SubmissionId& id) {
  auto record = read(staging, Family::meta, keys::of(id), decode_record);
  if (record && record->submission.id != id) {
    staging.fail(Error::corrupt);
    record.reset();
  }
  return record;
}

inline void write_record(Staging& staging, const Record& record) {
  staging.put(Family::meta, keys::of(record.submission.id), encode(record));
}

}  // namespace titip::storage
