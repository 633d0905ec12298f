#include "gateway/reads/kept_reads_sweep.h"

#include "gateway/reads/kept_read.h"

namespace titip::reads {

void KeptReadsSweep::later(std::chrono::milliseconds wait, std::string after) {
  if (stopped_) return;
  doors_.timers.after(wait, [this, after = std::move(after)]() mutable { look(std::move(after)); });
}

void KeptReadsSweep::look(std::string after) {
  if (stopped_) return;
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
    if (!read || now - read->read_at >= read->lasts)
      gone.push_back({std::string(kept_read_kind), name, object.version, {}});
  }
  const bool more = objects.size() >= options_.page;
  const auto wait = more ? options_.rest : options_.every;
  auto after = more ? objects.back().first : std::string();
  if (gone.empty()) return later(wait, std::move(after));
  doors_.store.put_objects(std::move(gone), doors_.home,
                           [this, wait, after = std::move(after)](const auto&) mutable { later(wait, after); });
}

}  // namespace titip::reads
