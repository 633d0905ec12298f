// What a request says of records in custody: one by its id, or all that a filter fits. Pure; a part of wire.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/words/said.h"
#include "storage/queries.h"

namespace titip::admin {

struct QueueWords {
  std::string id{};  // of one record: its id, or the receipt code the clinic was given
  std::vector<storage::State> states{};
  std::string destination{};
  std::string facility{};
  std::string rule{};                       // the outcome rule that decided last
  std::string day{};                        // of acceptance, "2026-08-15"; a day is WIB's, as the counts have it
  std::optional<std::int64_t> from_ms{};    // accepted then or later
  std::optional<std::int64_t> before_ms{};  // accepted before that
  bool attention = false;                   // rejected, expired or held, and nobody has dealt with it
  std::uint64_t limit = 0;                  // of a page; 0: as many as an answer holds

  // Whether anything but an id says which records are meant.
  bool filters() const;
  bool operator==(const QueueWords&) const = default;
};
inline constexpr std::uint64_t queue_page = 200;

// False: a value of the wrong kind, or a key that is not known.
bool read_words(const nlohmann::ordered_json& value, QueueWords& words);
nlohmann::ordered_json words_json(const QueueWords& words);

// Empty: nothing is wrong.
words::Said fault_of(const QueueWords& words);

storage::Filter filter_of(const QueueWords& words);  // of words without a fault
// "rejected records of pcare-vaksin at P0001": what is meant, for sentences.
words::Said phrase(const QueueWords& words);

std::optional<storage::State> state_named(std::string_view text);

}  // namespace titip::admin
