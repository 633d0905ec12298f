#include "storage/verify_rules.h"

#include <algorithm>

#include "storage/codec.h"
#include "storage/keys.h"

namespace titip::storage::rules_of_entries {
namespace {

bool contains(const std::vector<Digest>& keys, const Digest& key) {
  return std::ranges::find(keys, key) != keys.end();
}

bool needs_a_person(const Submission& s) {
  switch (s.state) {
    case State::held:
      return true;
    case State::rejected:
    case State::expired:
      return !s.replaced_by;
    default:
      return false;
  }
}

bool waits_for_another(const Submission& s) {
  return s.state == State::blocked || (s.state == State::held && s.hold_reason == HoldReason::requirement);
}

// The last line of its timeline that is closed; 0: there is none.
std::uint32_t last_line(const Record& record) {
  const bool one_is_open = record.submission.state == State::in_flight && record.lines > 0;
  return record.lines - (one_is_open ? 1 : 0);
}

}  // namespace

std::vector<std::string> must(const Record& record, Family family) {
  const Submission& s = record.submission;
  std::vector<std::string> keys;
  switch (family) {
    case Family::payload:
      if (!is_terminal(s.state)) keys.push_back(keys::of(s.id));
      break;
    case Family::open:
      if (s.state == State::in_flight) keys.push_back(keys::of(s.id));
      break;
    case Family::person:
      if (s.person) keys.push_back(keys::person(*s.person, s.id));
      break;
    case Family::waiter:
      if (!waits_for_another(s)) break;
      for (const Digest& key : s.requirements) keys.push_back(keys::waiter(key, s.position));
      break;
    case Family::attention:
      if (needs_a_person(s)) keys.push_back(keys::attention({s.destination, s.facility}, s.id));
      break;
    case Family::attempt:
      // A damaged line goes with the content.
      if (last_line(record) > 0 && !s.content_erased) keys.push_back(keys::attempt(s.id, last_line(record)));
      break;
    default:
      break;
  }
  return keys;
}

bool may(const Record& record, Family family, std::string_view key) {
  switch (family) {
    case Family::payload:
    case Family::reply:
      return !record.submission.content_erased;
    case Family::attempt: {
      Decoder in(key);
      const bool is_its = in.id() == record.submission.id;
      const std::uint32_t number = in.u32();
      return in.done() && is_its && number >= 1 && number <= last_line(record);
    }
    default: {
      const auto keys = must(record, family);
      return std::ranges::find(keys, key) != keys.end();
    }
  }
}

bool must_be_natural(const Submission& s) {
  return s.natural_key.has_value() && !is_terminal(s.state);
}

// One that was given up while nobody knew whether it had landed stays: it may have.
bool may_be_natural(const Submission& s) {
  const bool in_doubt = (s.state == State::cancelled || s.state == State::expired) && may_have_landed(s);
  return s.natural_key.has_value() && (!is_terminal(s.state) || s.state == State::delivered || in_doubt);
}

bool must_provide(const Submission& s) {
  return !is_terminal(s.state);
}

// A delivered one may still wait for the number of a reference.
bool may_provide(const Submission& s, const Digest& key) {
  const bool reads_back = s.state == State::delivered && s.due_at.has_value() && contains(s.references, key);
  return (must_provide(s) && (contains(s.provides, key) || contains(s.references, key))) || reads_back;
}

}  // namespace titip::storage::rules_of_entries
