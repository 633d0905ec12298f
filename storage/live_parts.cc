#include "storage/live_parts.h"

#include <algorithm>
#include <utility>

#include "storage/check.h"
#include "storage/keys.h"

namespace titip::storage {
namespace {

// Behind every key of the due index with this prefix: time and position are at most 17 bytes.
std::string behind_all(const std::string& prefix) {
  return prefix + std::string(18, '\xff');
}

void lower(std::optional<std::string>& lowest, const std::string& key) {
  if (!lowest || key < *lowest) lowest = key;
}

}  // namespace

LiveParts::Look::Look(LiveParts& parts, std::string prefix)
    : parts_(parts), prefix_(std::move(prefix)), from_(prefix_) {
  const std::scoped_lock lock(parts_.mutex_);
  auto found = parts_.parts_.find(prefix_);
  if (found == parts_.parts_.end()) {
    if (parts_.parts_.size() >= parts_.most_) return;
    found = parts_.parts_.emplace(prefix_, Part{prefix_, 0, std::nullopt}).first;
  }
  Part& part = found->second;
  if (part.looking == 0) {
    // Of a batch under way nobody knows whether the snapshot to come will see it.
    part.lowest_since.reset();
    const auto written = parts_.writing_.find(prefix_);
    if (written != parts_.writing_.end()) part.lowest_since = written->second;
  }
  ++part.looking;
  counted_ = true;
  from_ = part.start;
}

LiveParts::Look::~Look() {
  if (!counted_) return;
  const std::scoped_lock lock(parts_.mutex_);
  Part& part = parts_.parts_.find(prefix_)->second;
  --part.looking;
  if (!learned_) return;
  std::string start = std::move(*learned_);
  if (part.lowest_since) start = std::min(start, *part.lowest_since);
  part.start = std::max(part.start, start);
}

const std::string& LiveParts::Look::from() {
  if (asked_ || !counted_) return from_;
  asked_ = true;
  const std::scoped_lock lock(parts_.mutex_);
  const auto& lowest = parts_.parts_.find(prefix_)->second.lowest_since;
  if (lowest) from_ = std::min(from_, *lowest);
  return from_;
}

void LiveParts::Look::met_nothing() {
  learned_ = behind_all(prefix_);
}

LiveParts::Writing::Writing(LiveParts& parts, const KvBatch& batch) : parts_(parts) {
  std::map<std::string, std::string> lowest;
  auto last = lowest.end();  // those of one prefix stand together in a batch
  for (const KvWrite& write : batch) {
    if (write.family != Family::due || !write.value) continue;
    if (last == lowest.end() || !write.key.starts_with(last->first)) {
      const auto parsed = keys::parse_due(write.key);
      check(parsed.has_value(), "what is written to the due index has a key of the due index");
      last = lowest.try_emplace(keys::due_prefix(parsed->lane, parsed->due_class), write.key).first;
    }
    last->second = std::min(last->second, write.key);
  }
  const std::scoped_lock lock(parts_.mutex_);
  check(parts_.writing_.empty(), "one batch is committed at a time");
  for (const auto& [prefix, key] : lowest) {
    const auto found = parts_.parts_.find(prefix);
    if (found == parts_.parts_.end()) continue;  // begins at its start anyway
    Part& part = found->second;
    part.start = std::min(part.start, key);
    if (part.looking > 0) lower(part.lowest_since, key);
  }
  parts_.writing_ = std::move(lowest);
}

LiveParts::Writing::~Writing() {
  const std::scoped_lock lock(parts_.mutex_);
  parts_.writing_.clear();
}

}  // namespace titip::storage
