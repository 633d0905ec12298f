#include "gateway/reads/kept_reads_sweep.h"

#include "gateway/reads/kept_read.h"

#include <ranges>

namespace titip::reads {
namespace {

std::int64_t step_of(clock::WallTime at) {
  return std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<600>>>(at.time_since_epoch()).count();
}

}  // namespace

void KeptReadsSweep::later(std::chrono::milliseconds wait, std::string after) {
  if (stopped_) return;
  doors_.timers.after(wait, [this, after = std::move(after)]() mutable { look(std::move(after)); });
}

void KeptReadsSweep::look(std::string after) {
  if (stopped_) return;
  if (after.empty() && options_.size) options_.size->begin_round();
  if (after.empty()) left_.clear();
  doors_.store.list_objects(std::string(kept_read_kind), std::move(after), options_.page, doors_.home,
                            [this](const auto& objects) {
                              if (!objects) return later(options_.every, {});  // a store that is busy, or damaged
                              looked(*objects);
                            });
}

void KeptReadsSweep::looked(const std::vector<std::pair<std::string, storage::Object>>& objects) {
  const auto now = doors_.clock.wall();
  std::vector<storage::PutObject> gone;
  for (const auto& [name, object] : objects) {
    const auto plain = doors_.sealer.open_object(kept_read_kind, name, storage::Sealed{object.bytes});
    const auto read = plain ? decode_kept_read(*plain) : std::nullopt;
    // What cannot be read helps nobody. What was renewed meanwhile has another version and stays.
    if (!read || now - read->read_at >= read->lasts || step_of(read->read_at) < too_old_)
      gone.push_back({std::string(kept_read_kind), name, object.version, {}});
    else
      left_[step_of(read->read_at)] += object.bytes.size();
  }
  const bool more = objects.size() >= options_.page;
  const auto wait = more ? options_.rest : end_round();
  auto after = more ? objects.back().first : std::string();
  if (gone.empty()) return later(wait, std::move(after));
  doors_.store.put_objects(std::move(gone), doors_.home,
                           [this, wait, after = std::move(after)](const auto&) mutable { later(wait, after); });
}

// Where they nearly fill their room, another round follows at once and leaves the newest three quarters of it.
std::chrono::milliseconds KeptReadsSweep::end_round() {
  too_old_ = 0;
  if (!options_.size) return options_.every;
  std::uint64_t all = 0;
  for (const auto bytes : left_ | std::views::values) all += bytes;
  options_.size->end_round(all);
  const auto most = options_.size->most();
  if (all <= most - most / 10) return options_.every;
  std::uint64_t kept = 0;
  for (const auto& [step, bytes] : left_ | std::views::reverse) {
    kept += bytes;
    if (kept <= most - most / 4) continue;
    too_old_ = step + 1;
    break;
  }
  return too_old_ == 0 ? options_.every : options_.rest;
}

}  // namespace titip::reads
