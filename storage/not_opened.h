// Why a store was not opened: a sentence for the operator, and whether a person has to look before starting again can
// help. Plain data.
#pragma once

#include <string>
#include <utility>

#include "metrics/words/said.h"
#include "storage/kv.h"

namespace titip::storage {

// A sentence like any other error here, so that whoever only shows it need not know more.
class NotOpened : public std::string {
 public:
  NotOpened(std::string sentence) : std::string(std::move(sentence)) {}  // NOLINT: a sentence alone is one, too
  // Something is damaged, missing or half done: the same start would end the same way for ever.
  static NotOpened until_a_person_looked(std::string sentence) {
    NotOpened made(std::move(sentence));
    made.needs_a_person_ = true;
    return made;
  }
  // What could not be read: a disk that does not answer may answer next time, a damaged file stays as it is.
  static NotOpened unreadable(const KvError& error) {
    NotOpened made(words::tell("cannot read the store: {}", error.text));
    made.needs_a_person_ = error.kind == KvError::Kind::corrupt;
    return made;
  }
  bool needs_a_person() const { return needs_a_person_; }

 private:
  bool needs_a_person_ = false;
};

}  // namespace titip::storage
