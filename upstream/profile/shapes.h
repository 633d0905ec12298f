// What texts in a profile may look like. Each returns a complaint that completes the sentence "<text> …", or nothing.
// Private to the loader.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "upstream/profile/node.h"

namespace titip::profile {

Complaint plain_name(std::string_view text);        // lower-case letters, digits and dashes
Complaint id_shape(std::string_view text);          // the same and "/", "_": route and rule ids
Complaint reference_name(std::string_view text);    // letters and digits: "noKunjungan"
Complaint header_name(std::string_view text);       // an RFC 9110 token
Complaint body_pointer(std::string_view text);      // a JSON pointer, without the characters of our own languages
Complaint entry_pointer(std::string_view text);     // the same, or several with "|" between them
Complaint envelope_pointer(std::string_view text);  // a JSON pointer through objects only
Complaint fixed_path(std::string_view text);        // "/referensi/jenisvaksin"
Complaint route_path(std::string_view text);        // "/tiket/nik/{nik}"
Complaint utc_offset_shape(std::string_view text);  // "+07:00"

// Whether two places in one document cannot both hold a value.
bool pointers_clash(std::string_view one, std::string_view other);

std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text);

}  // namespace titip::profile
