// A person's number as an operator sees it: its last four digits. Pure.
#pragma once

#include <string>
#include <string_view>

namespace titip::admin {

// Every run of 13 digits or more (a BPJS card, a NIK) in the text, but for the last four of each.
std::string masked(std::string_view text);

}  // namespace titip::admin
