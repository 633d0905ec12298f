// Numbers as people read them, in English sentences. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/persons.h"

namespace titip::admin {

std::string grouped(std::uint64_t number);                           // 1203 -> "1,203"
std::string counted(std::uint64_t number, std::string_view things);  // 1 -> "1 record", "1 facility"; 2 -> "2 records"
std::string bytes_text(std::uint64_t bytes);                         // "1.4 MB"

// What damage kept from being read or erased, as a sentence behind others (empty: nothing), and what to do.
std::string left_out_text(const storage::LeftOut& left_out);

}  // namespace titip::admin
