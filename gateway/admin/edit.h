// Edits of a rejected record: which values are to be others, and what that came to. Plain data, and their checks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "metrics/words/said.h"
#include "storage/changes.h"

namespace titip::admin {

// A place in the body (JSON pointer) and what shall stand there. A value that replaces a text is a text; else it is
// JSON if it reads as JSON, and a text if not. Personal: never logged, never in a sentence.
struct Edit {
  std::string pointer;
  std::string value;
  bool operator==(const Edit&) const = default;
};
inline constexpr std::size_t edits_at_once = 50;

// "/nama=Budi". Empty pointer: that is no edit.
Edit parse_edit(std::string_view text);
words::Said fault_of(const std::vector<Edit>& edits);

// The repetition that is to be stored, and the difference; values as JSON text, `from` empty where nothing stood.
struct Edited {
  struct Change {
    std::string pointer;
    std::string from;
    std::string to;
  };
  storage::NewSubmission made;
  std::vector<Change> changes;
};

// The difference of a record that was edited, sealed under its own data key: whoever erases the record erases it too.
// An object, named by the id of the new record.
inline constexpr std::string_view edit_kind = "edit";

}  // namespace titip::admin
