// One moment of the store, read value by value. What is there but does not decode, or what the engine's own checksums
// refuse, is an error and never an absence; it is noted, so that the writer can set it apart. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/keys.h"
#include "storage/kv.h"
#include "storage/quarantine.h"
#include "storage/records.h"
#include "storage/scan_over.h"
#include "storage/store.h"

namespace titip::storage {

inline Error error_of(const KvError& error) {
  return error.kind == KvError::Kind::corrupt ? Error::corrupt : Error::unavailable;
}

class Reading {
 public:
  explicit Reading(const KvReader& kv) : kv_(kv) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  const KvReader& kv() const { return kv_; }

  template <class T>
  Result<std::optional<T>> get(Family family, const std::string& key, Decode<T> decode, std::string_view due_key = {}) {
    const auto bytes = kv_.get(family, key);
    if (!bytes) return std::unexpected(refused(bytes.error(), {family, key, std::string(due_key), {}, true}));
    if (!*bytes) return std::nullopt;
    auto value = decode({family, key}, **bytes);
    if (value) return value;
    note({family, key, std::string(due_key)});
    return std::unexpected(Error::corrupt);
  }

  // In the order asked; each its own answer, so that one damaged value does not hide the others. The outer error is of
  // the disk as a whole. `due_key`: of the due entry that led to the one with this index.
  template <class T>
  Result<std::vector<Result<std::optional<T>>>> get_all(
      Family family, const std::vector<std::string>& keys, Decode<T> decode,
      const std::function<std::string(std::size_t)>& due_key = [](std::size_t) { return std::string(); }) {
    std::vector<Result<std::optional<T>>> values;
    values.reserve(keys.size());
    const auto bytes = kv_.multi_get(family, keys);
    if (!bytes && bytes.error().kind != KvError::Kind::corrupt) return std::unexpected(error_of(bytes.error()));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!bytes) {  // which of them?
        values.push_back(get(family, keys[i], decode, due_key(i)));
        if (!values.back() && values.back().error() != Error::corrupt) return std::unexpected(values.back().error());
      } else if (!(*bytes)[i]) {
        values.push_back(std::nullopt);
      } else if (auto value = decode({family, keys[i]}, *(*bytes)[i])) {
        values.push_back(std::move(value));
      } else {
        note({family, keys[i], due_key(i)});
        values.push_back(std::unexpected(Error::corrupt));
      }
    }
    return values;
  }

  // A scan that goes on behind what the engine refuses; how many such stretches there were.
  Result<std::size_t> scan_over(Family family, std::string_view prefix, std::string_view from,
                                const KvReader::Visitor& visit) {
    const auto scanned =
        storage::scan_over(kv_, family, prefix, from, visit,
                           [&](const std::string& begin, const std::string&) { note({family, begin, {}, {}, true}); });
    if (!scanned) return std::unexpected(error_of(scanned.error()));
    return *scanned;
  }

  Error refused(const KvError& error, Damage where) {
    if (error.kind == KvError::Kind::corrupt) note(std::move(where));
    return error_of(error);
  }
  void note(Damage damage) {
    if (damage_.size() < most_damage_told) damage_.push_back(std::move(damage));
  }
  std::vector<Damage> take_damage() { return std::exchange(damage_, {}); }

 private:
  const KvReader& kv_;
  std::vector<Damage> damage_;
};

}  // namespace titip::storage
