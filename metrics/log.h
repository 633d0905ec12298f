// The log sink: one JSON line an event on stderr. Only the fields named here can be logged at all, so that a body, a
// password or a person cannot slip in. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>

namespace titip::metrics {

enum class Level : std::uint8_t { debug, info, warning, error };

enum class Field : std::uint8_t {
  address,
  port,
  listener,
  destination,
  facility,
  route,
  profile,
  submission,
  state,
  outcome,
  rule,
  failure,
  reason,  // a sentence of our own, never the server's or the clinic's words
  count,
  duration_ms,
  version,
  path,  // of a file
  signal,
  command,  // of an operator
  request,  // its id
  code,     // of HTTP
};

// An empty text is not written.
using FieldValue = std::variant<std::string_view, std::int64_t>;

// Level comes from the config; before that everything from info is written.
void set_log_level(Level level);
void log(Level level, std::string_view event, std::initializer_list<std::pair<Field, FieldValue>> fields = {});

}  // namespace titip::metrics
