#include "storage/quarantine.h"

#include "storage/commit_sequence.h"
#include "storage/keys.h"

namespace titip::storage {
namespace {

bool counts_are_sound(const Place& at, std::string_view bytes) {
  const auto parsed = keys::parse_counts(at.key);
  if (!parsed) return false;
  switch (parsed->kind) {
    case keys::CountsKind::destination:
      return decode_counts(at, bytes).has_value();
    case keys::CountsKind::lane:
    case keys::CountsKind::accepted:
    case keys::CountsKind::pending:
    case keys::CountsKind::deadline:
    case keys::CountsKind::attention:
      return decode_number(at, bytes).has_value();
    case keys::CountsKind::fine:
      return decode_fine_counts(at, bytes).has_value();
  }
  return false;
}

bool info_is_sound(const Place& at, std::string_view bytes) {
  if (at.key == keys::format) return decode_format(bytes).has_value();
  if (at.key == keys::commit) return decode_commit_stamp(bytes).has_value();
  if (at.key == keys::restoring) return true;  // a store that has it is not opened before its restore has ended
  return decode_number(at, bytes).has_value();
}

}  // namespace

bool is_sound(const Place& at, std::string_view bytes) {
  switch (at.family) {
    case Family::info:
      return info_is_sound(at, bytes);
    case Family::meta:
      return decode_record(at, bytes).has_value();
    case Family::payload:
    case Family::reply:
      return decode_sealed(at, bytes).has_value();
    case Family::chain:
    case Family::idempotency:
    case Family::waiter:
      return decode_id(at, bytes).has_value();
    case Family::head:
      return decode_head(at, bytes).has_value();
    case Family::due:
      return decode_due(at, bytes).has_value();
    case Family::natural:
      return decode_ids(at, bytes).has_value();
    case Family::attempt:
    case Family::open:
      return decode_attempt(at, bytes).has_value();
    case Family::object:
      return decode_object(at, bytes).has_value();
    case Family::counts:
      return counts_are_sound(at, bytes);
    case Family::person:
    case Family::attention:
      return decode_mark(at, bytes).has_value();
    case Family::requirement:
      return decode_requirement(at, bytes).has_value();
    case Family::audit:
      return decode_audit(at, bytes).has_value();
    case Family::quarantine:
      return decode_quarantined(at, bytes).has_value();
  }
  return false;
}

}  // namespace titip::storage
