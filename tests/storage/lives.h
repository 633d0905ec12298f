// What the tests of lines and requirements share: a record by its number, as it stands now, and the invariants of
// everything behind the door once a test is over.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/storage/engines.h"
#include "tests/storage/invariants.h"

namespace titip::storage {

class Lives : public OnEveryEngine {
 protected:
  void TearDown() override {
    reopen_after([](Kv& kv) {
      for (const auto& sentence : broken_invariants(kv)) ADD_FAILURE() << sentence;
    });
    OnEveryEngine::TearDown();
  }

  Submission now_of(std::uint64_t number) { return caller->load(id_of(number)).submission; }
  State state_of(std::uint64_t number) { return now_of(number).state; }
  HoldReason reason_of(std::uint64_t number) { return now_of(number).hold_reason; }

  // Who is due, by number, in the order of the class.
  std::vector<std::uint64_t> due(DueClass due_class = DueClass::send, WallTime when = at(noon_ms * 2)) {
    return numbers(caller->due("clinic-1", due_class, when));
  }
  static std::vector<std::uint64_t> numbers(const DueBatch& batch) {
    std::vector<std::uint64_t> found;
    for (const auto& item : batch.items) found.push_back(item.submission.position);
    return found;
  }
  Changed finish(std::uint64_t number, Event event) { return caller->finish(now_of(number), event); }
  Changed change(std::uint64_t number, Event event) { return caller->transition(transition_of(now_of(number), event)); }
  // A record that gave out a provisional number.
  static NewSubmission numbered(std::uint64_t number, std::string_view person) {
    NewSubmission made = submission(number, person);
    made.submission.references = {digest("provisional")};
    return made;
  }
  Settlement delivered(std::uint64_t number) {
    caller->open_attempt(now_of(number));
    return settlement(now_of(number), Event::delivered);
  }
  Verdict accept(NewSubmission one) { return caller->accept(std::move(one)); }
};

// A record that provides and requires these keys. Its number is its position where all are accepted in order.
inline NewSubmission needing(std::uint64_t number, std::string_view person,
                             std::initializer_list<std::string> requires_,
                             std::initializer_list<std::string> provides_ = {}) {
  NewSubmission made = submission(number, person);
  for (const auto& key : requires_) made.submission.requirements.push_back(digest(key));
  for (const auto& key : provides_) made.submission.provides.push_back(digest(key));
  return made;
}

}  // namespace titip::storage
