// Reads one JSON document by tables of keys, and remembers the first mistake with its place. Private to the
// configuration.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/config.h"
#include "metrics/words/said.h"

namespace titip::gateway {

class Reading {
 public:
  Reading(const nlohmann::json& value, std::string pointer, std::optional<ConfigError>& error)
      : value_(value), pointer_(std::move(pointer)), error_(error) {}
  // Reads nothing: the tables are gone through, and each says what it would take. So the reference of the config is
  // what drives its validation.
  Reading(std::string pointer, std::optional<ConfigError>& error, std::vector<ConfigKey>& described)
      : value_(nothing()), pointer_(std::move(pointer)), error_(error), described_(&described) {}
  bool describes() const { return described_ != nullptr; }
  // The key that is described from here on.
  void describe(std::string meaning) const {
    described_->push_back({pointer_, words::tell("object"), std::move(meaning)});
  }

  const nlohmann::json& value() const { return value_; }
  bool failed() const { return error_.has_value(); }
  void fail(std::string sentence) const {
    if (!error_ && !describes()) error_ = ConfigError{pointer_, std::move(sentence)};
  }

  std::string text() const {
    if (says(words::tell("text"))) return {};
    if (value_.is_string() && !value_.get_ref<const std::string&>().empty()) return value_.get<std::string>();
    fail(words::tell("must be a string that is not empty"));
    return {};
  }

  template <class Int>
  Int integer(std::int64_t least, std::int64_t most) const {
    if (says(words::tell("whole number from {} to {}", least, most))) return {};
    if (value_.is_number_integer()) {
      const auto number = value_.get<std::int64_t>();
      if (number >= least && number <= most) return static_cast<Int>(number);
    }
    fail(words::tell("must be a whole number from {} to {}", least, most));
    return {};
  }

  std::chrono::milliseconds milliseconds(std::int64_t least, std::int64_t most) const {
    return std::chrono::milliseconds(integer<std::int64_t>(least, most));
  }

  bool flag() const {
    if (says(words::tell("true or false"))) return false;
    if (value_.is_boolean()) return value_.get<bool>();
    fail(words::tell("must be true or false"));
    return false;
  }

  double fraction() const {
    if (says(words::tell("number above 0 and at most 1"))) return 0;
    if (value_.is_number() && value_.get<double>() > 0 && value_.get<double>() <= 1) return value_.get<double>();
    fail(words::tell("must be a number above 0 and at most 1"));
    return 0;
  }

  Reading at(std::string_view key) const {
    if (describes()) return {fmt::format("{}/{}", pointer_, key), error_, *described_};
    return {value_.at(key), fmt::format("{}/{}", pointer_, key), error_};
  }
  // Of a list that is described: each of its members.
  Reading each() const {
    says(words::tell("list"));
    return {pointer_ + "/*", error_, *described_};
  }
  Reading at(std::size_t index) const { return {value_.at(index), fmt::format("{}/{}", pointer_, index), error_}; }

 private:
  static const nlohmann::json& nothing() {
    static const nlohmann::json none;
    return none;
  }
  bool says(std::string kind) const {
    if (describes()) described_->back().kind = std::move(kind);
    return describes();
  }

  const nlohmann::json& value_;
  std::string pointer_;
  std::optional<ConfigError>& error_;
  std::vector<ConfigKey>* described_ = nullptr;
};

// One key of a table: its name, what it means, how it is read into T.
template <class T>
struct Key {
  const char* name;
  words::Text meaning;
  void (*read)(const Reading&, T&);
};

std::chrono::minutes read_zone(const Reading& reading);
void read_front(const Reading& reading, Config& config);
void read_facilities(const Reading& reading, Config& config);
void read_side_listen(const Reading& reading, SideListenConfig& listen);
// TLS by its table, where clients are asked for certificates with who signs them; then what the files hold.
void read_tls(const Reading& reading, http::TlsMaterial& tls, bool asks_clients);
void read_tls_files(const Reading& reading, const std::filesystem::path& directory, http::TlsMaterial& tls);
void read_admin(const Reading& reading, Config& config);
void read_proxy(const Reading& reading, DestinationConfig& destination);
// What the file holds, once everything else is read.
void read_proxy_credentials(const Reading& reading, const std::filesystem::path& directory, DestinationConfig& into);
void read_callbacks(const Reading& reading, Config& config);

// Reads an object by its table; a key that is not in the table is a mistake.
template <class T>
void read_object(const Reading& reading, std::span<const Key<T>> keys, T& into) {
  if (reading.describes()) {
    for (const auto& key : keys) {
      const auto at = reading.at(key.name);
      at.describe(std::string(key.meaning.own()));
      key.read(at, into);
    }
    return;
  }
  if (!reading.value().is_object()) return reading.fail(words::tell("must be an object"));
  for (const auto& [name, value] : reading.value().items()) {
    const Key<T>* found = nullptr;
    for (const auto& key : keys)
      if (name == key.name) found = &key;
    if (found == nullptr) {
      std::string known;
      for (const auto& key : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", key.name);
      return reading.at(name).fail(words::tell("is not a key that Titip knows; here it knows: {}", known));
    }
    found->read(reading.at(name), into);
    if (reading.failed()) return;
  }
}

}  // namespace titip::gateway
