// What a request says of a token of the admin API. Pure; a part of wire.h. A token's secret is in an answer alone.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "metrics/words/said.h"

namespace titip::admin {

struct TokenWords {
  std::string name{};
  std::string role{};                   // of a new one
  std::optional<std::uint64_t> days{};  // it ends then; nothing: when it is revoked
  bool operator==(const TokenWords&) const = default;
};

// False: a value of the wrong kind, or a key that is not known.
bool read_words(const nlohmann::ordered_json& value, TokenWords& words);
nlohmann::ordered_json words_json(const TokenWords& words);
// Empty: nothing is wrong. `is_new`: it has a role.
words::Said fault_of(const TokenWords& words, bool is_new);

}  // namespace titip::admin
