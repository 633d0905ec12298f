// An acknowledgement in the national envelope in which nothing but receipt and id changes from one record to the next,
// written once and then only filled in. Pure; immutable, so any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/profile/profile.h"

namespace titip::profile {

class Prerendered {
 public:
  // Nothing: what this route tells depends on the numbers that it yields or quotes.
  static std::optional<Prerendered> of(const Envelope& shape, const Acknowledgement& told);
  // Byte for byte what write_envelope makes of acknowledgement_response; nothing: receipt or id would have to be
  // escaped.
  std::optional<std::string> with(std::string_view receipt, std::string_view id) const;

 private:
  enum class Slot : unsigned char { receipt, id };
  struct Gap {
    std::string before;  // the text that leads to it
    Slot slot;
  };
  std::vector<Gap> gaps_;
  std::string end_;
};

}  // namespace titip::profile
