// Facilities from a CSV file, and from what stands on a command line. Private to the root. Pure. Faults are named by
// their line, and never hold a secret.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/facilities.h"

namespace titip::gateway {

// "+07:00", or WIB, WITA, WIT.
std::optional<std::chrono::minutes> read_utc_offset(std::string_view text);
// yes, no or profile into `facility`; false: none of these.
bool read_encrypted(std::string_view text, storage::Facility& facility);
bool read_signature_age(std::string_view text, storage::Facility& facility);
bool read_most_pending(std::string_view text, storage::Facility& facility);

struct FacilityOfLine {
  std::size_t line = 0;
  storage::Facility facility;
};
struct FileFault {
  std::size_t line = 0;
  std::string sentence;
};
struct FacilityFile {
  std::vector<FacilityOfLine> lines;  // those without a fault
  std::vector<FileFault> faults;      // by line
};

// The columns are named in the first line, in any order: code, name, consumer_id, secret, and where wanted utc_offset,
// late_entry_reason, username, password, encrypted, signature_age, most_pending. An empty field is one that was not
// said.
FacilityFile read_facility_file(std::string_view csv, std::chrono::minutes usual_offset);

}  // namespace titip::gateway
