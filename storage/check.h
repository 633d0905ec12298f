// An always-on check of an invariant of ours: a bug ends the process, in release builds too.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace titip::storage {

inline void check(bool holds, const char* what, std::source_location at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: broken invariant: %s\n", at.file_name(), static_cast<unsigned>(at.line()), what);
  std::abort();
}

}  // namespace titip::storage
