#include "tests/crash/sound_store.h"

#include "tests/crash/inspection.h"
#include "tests/crash/store_on_fs.h"
#include "tests/crash/workload.h"

namespace titip::crash {

std::optional<SoundStore> SoundStore::make(std::uint64_t seed) {
  constexpr int lives = 4;
  constexpr std::uint64_t small_buffers = 24U << 10U;
  return after(seed, lives, small_buffers);
}

std::optional<SoundStore> SoundStore::young(std::uint64_t seed) {
  auto made = after(seed, 1, 0);
  for (const auto& [path, bytes] : made ? made->image.files : std::map<std::string, std::string>{}) {
    if (kind_of(path) == FileKind::table) return std::nullopt;
  }
  return made;
}

std::optional<SoundStore> SoundStore::after(std::uint64_t seed, int lives, std::uint64_t buffer_bytes) {
  constexpr int steps_of_a_life = 25;
  SoundStore sound{.history = History(seed), .image = {}, .buffer_bytes = buffer_bytes};
  sampler::Random dice(seed, 21);
  sound.image.directories.insert(store_directory().string());
  for (int life = 1; life <= lives; ++life) {
    auto fs = std::make_shared<PowerLossFs>(Disk{.image = sound.image, .cut = {}, .seed = dice.next()});
    OnFs how;
    how.buffer_bytes = life < lives ? sound.buffer_bytes : 0;
    const auto [store, why_not] = open_on(fs, how);
    if (!store) return std::nullopt;
    Door door(*store, [&s = *store] { return s.pump(); });
    Inspection inspection(door, sound.history, Inspection::When::restarted);
    if (!inspection.run().empty() || inspection.unreadable()) return std::nullopt;
    inspection.settle_doubts(sound.history);
    Workload workload(door, sound.history, sound.history.brief(), dice.next());
    workload.ask_again();
    for (int steps = 0; steps < steps_of_a_life; ++steps) workload.step();
    fs->pull_the_plug();
    sound.image = fs->survivors();
    store->close();
  }
  if (!sound.history.take_findings().empty()) return std::nullopt;
  return sound;
}

}  // namespace titip::crash
