// Which entries a record must have in other families, and may have, by itself: said once more, apart from the Book that
// writes them, so that the one proves the other. (Its place in its line depends on others: verify_lines.cc. The due
// rows are due_index.h's.) Pure, any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "storage/records.h"

namespace titip::storage::rules_of_entries {

// The families these rules speak of.
inline constexpr std::array families{Family::payload, Family::reply,     Family::open,   Family::person,
                                     Family::waiter,  Family::attention, Family::attempt};

// Keys it must have.
std::vector<std::string> must(const Record& record, Family family);
// Whether it may have this one.
bool may(const Record& record, Family family, std::string_view key);

bool must_be_natural(const Submission& submission);  // among those its natural key stands for
bool may_be_natural(const Submission& submission);
bool must_provide(const Submission& submission);  // be a provider of all its keys and references
bool may_provide(const Submission& submission, const Digest& key);

}  // namespace titip::storage::rules_of_entries
