#include "storage/verdict.h"

#include <algorithm>
#include <ranges>

namespace titip::storage {

Decision decide(const Question& question) {
  if (question.known) {
    const bool same = question.known->fingerprint == question.fingerprint;
    return {.kind = same ? VerdictKind::replayed : VerdictKind::key_reused, .existing = question.known->id};
  }
  if (question.chain.empty()) return {};
  const Bound& last = question.chain.back();
  if (question.replaces && question.taken_since) return {.kind = VerdictKind::conflict, .existing = last.id};
  const bool is_new_key = question.has_idempotency_key;  // known ones ended above
  if (last.fingerprint == question.fingerprint) {
    return {.kind = VerdictKind::replayed, .existing = last.id, .bind = is_new_key};
  }
  if (!is_new_key && !question.replaces) {
    // Without a key a body seen before is a late repeat; with a new one it is somebody's wish to go back to it.
    for (const Bound& member : question.chain | std::views::reverse) {
      if (member.fingerprint == question.fingerprint) return {.kind = VerdictKind::replayed, .existing = member.id};
    }
  }
  if (question.on_conflict == OnConflict::refuse || question.chain.size() >= longest_natural_chain) {
    return {.kind = VerdictKind::conflict, .existing = last.id};
  }
  return {.kind = VerdictKind::accepted, .existing = {}, .correction = true};
}

}  // namespace titip::storage
