// Typed look-ups in a Staging: what is there but does not decode is a fault (Error::corrupt), not an absence.
// One thread (the writer).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/keys.h"
#include "storage/records.h"
#include "storage/staging.h"

namespace titip::storage {

template <class T>
std::optional<T> read(Staging& staging, Staging::Row row, Decode<T> decode) {
  const std::string* bytes = staging.get(row);
  if (bytes == nullptr) return std::nullopt;
  auto value = decode(row.place(), *bytes);
  if (!value) staging.fail_damaged(row.place().family, row.place().key);
  return value;
}

template <class T>
std::optional<T> read(Staging& staging, Family family, std::string_view key, Decode<T> decode) {
  return read(staging, staging.row(family, key), decode);
}

template <class T>
void write(Staging& staging, Staging::Row row, const T& value) {
  staging.put(row, encode(row.place(), value));
}

template <class T>
void write(Staging& staging, Family family, std::string key, const T& value) {
  write(staging, staging.row(family, std::move(key)), value);
}

// A count that is a row: one more, or one fewer. None is no row; fewer than none is a fault.
inline void step(Staging& staging, Staging::Row row, bool up) {
  std::uint64_t* count = staging.change(row, decode_number);
  if (count == nullptr) return;
  if (!up && *count == 0) return staging.fail(Error::corrupt);
  if (!up && *count == 1) return staging.erase(row);
  up ? ++*count : --*count;
}

inline std::optional<Record> read_record(Staging& staging, const SubmissionId& id) {
  return read(staging, Family::meta, keys::of(id), decode_record);
}

inline void write_record(Staging& staging, const Record& record) {
  write(staging, Family::meta, keys::of(record.submission.id), record);
}

}  // namespace titip::storage
