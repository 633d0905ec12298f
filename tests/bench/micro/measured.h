// A hot rule, run so often between two marks that callgrind knows by name: its instructions are counted there and
// nowhere else (check.py). By hand the same program tells times, as google-benchmark does.
#pragma once

#include <functional>

namespace titip::bench {

// How often each rule is run.
inline constexpr int repetitions = 200;

// With --twice-every N each Nth repetition is done twice: the slowing that the check must find.
void set_twice_every(int n);

// Registers it under that name.
void add_rule(const char* name, std::function<void()> rule);

// rules_*.cc
void add_front_rules();
void add_storage_rules();

}  // namespace titip::bench

// Between its call and its return instructions are counted.
extern "C" void titip_measured(const std::function<void()>& rule, int repetitions, int twice_every);
