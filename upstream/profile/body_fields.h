// A few values out of a JSON text, without building the whole in memory: what every request is looked at for. It reads
// what clinics send all day (plain ASCII) and leaves the rest to parse_json: whatever it does read, parse_json would
// have read the same way. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace titip::profile {

class BodyFields {
 public:
  // The values point into `text` and `pointers` (RFC 6901), which must outlive this. Nothing if the text is not JSON or
  // nests deeper than `max_depth`, and nothing in cases that are rare and hard to get right: bytes beyond ASCII and \u
  // anywhere, escapes in names and in values asked for, fractions and exponents there, a name on the way to one given
  // twice, an array on the way.
  static std::optional<BodyFields> read(std::string_view text, std::span<const std::string> pointers,
                                        std::size_t max_depth);

  bool is_object() const { return is_object_; }
  // As values.h says it: "" for what is absent, null, empty or not a single value. Only pointers that were asked for.
  std::string_view value(std::string_view pointer) const;

 private:
  friend class FieldReader;
  bool is_object_ = false;
  std::vector<std::pair<std::string_view, std::string_view>> values_;  // pointer, value
};

}  // namespace titip::profile
