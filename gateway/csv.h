// CSV as RFC 4180 has it: fields between commas, in quotes where they hold commas, quotes (doubled) or line ends; lines
// end with CRLF or LF. Pure. A mistake is a sentence and never holds what stands in the file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace titip::gateway {

struct CsvRow {
  std::size_t line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
  std::string fault;  // empty: none. Nothing can be read behind a quote that is never closed
};

// Empty lines are passed over, and a byte order mark before the first.
std::vector<CsvRow> read_csv(std::string_view text);

}  // namespace titip::gateway
