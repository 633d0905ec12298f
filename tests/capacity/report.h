// What a measured process tells the one that measures: a line each on standard output, written at once and whole, for
// the process may be killed at any time.
//   a COUNT       acknowledged so far
//   f NAME=VALUE  a figure
//   s TEXT        for people
#pragma once

#include <cstdint>
#include <string_view>

namespace titip::capacity::report {

void acknowledged(std::uint64_t count);
void figure(std::string_view name, double value);
void say(std::string_view text);
// Says why and ends the process: what is left undone is the measurement's failure.
[[noreturn]] void give_up(std::string_view why);

}  // namespace titip::capacity::report
