// What is said, and done, about a clock that is doubted (storage/commit_sequence.h): while it is, nothing is erased for
// its age. Blocking where a store is asked; any thread that may wait.
#pragma once

#include "metrics/words/said.h"
#include "storage/store.h"

namespace titip::admin {

// Sentences for an operator; empty while there is no doubt.
words::Said clock_words(const storage::Health& health);

// A person says that the clock is right. False: there is no doubt.
storage::Result<bool> believe_the_clock(storage::Store& store);

}  // namespace titip::admin
