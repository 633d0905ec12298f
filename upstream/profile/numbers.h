// Provisional numbers: what a clinic is given in place of a number that the server has yet to give. Made by the
// profile's template, so that they have the real one's shape, are recognised, and can be no real one. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/profile/profile.h"

namespace titip::profile {

// What is wrong with a template, as the end of a sentence that begins with it; nothing if it is one: letters and digits
// as they are (at least one: the mark that no real number has there), "{facility}", "{MMyy}", and "{n}" for n random
// digits, 3 to 18 in all.
std::optional<std::string> provisional_complaint(std::string_view provisional);
bool names_month(std::string_view provisional);  // it has "{MMyy}", so a business date is needed

// What stands in the random places. Where a template has few of them and a letter of its own ("T0{3}": a thousand
// numbers), letters stand there too once the digits are used up (32,768, and no longer than before); elsewhere it is
// digits whatever is asked for.
enum class Filled : std::uint8_t { digits, letters_too };

// `business_date` is YYYY-MM-DD, and empty only if the template names no month. `random` is a fresh draw: the caller
// sees to it that the number is free where it must be unique, and draws again if it is not.
std::string make_provisional(const ReferenceKind& kind, std::string_view facility, std::string_view business_date,
                             std::uint64_t random, Filled filled = Filled::digits);

// Whether `text` could be a provisional number of this kind, however it was filled. An empty `facility` stands for any.
bool is_provisional(const ReferenceKind& kind, std::string_view facility, std::string_view text);

}  // namespace titip::profile
