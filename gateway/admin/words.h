// Numbers and states as people read them. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "metrics/words/said.h"
#include "storage/persons.h"

namespace titip::admin {

words::Said bytes_text(std::uint64_t bytes);      // "1.4 MB"
words::Said people_words(std::uint64_t number);   // "1 person", "1,203 people"
words::Said state_words(std::string_view state);  // of a record, by its name; another word as it is

// What damage kept from being read or erased, as a sentence behind others (empty: nothing), and what to do.
words::Said left_out_text(const storage::LeftOut& left_out);

}  // namespace titip::admin
