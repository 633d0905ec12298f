// Throws kept reads away that nobody may be given any more, and the oldest where they have more bytes than they may; a
// page at a time with rests between, for ever. Threads: everything on the loop whose home and timers it is given.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/clock/clock.h"
#include "gateway/reads/kept_size.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::reads {

struct SweepOptions {
  std::chrono::milliseconds every{3'600'000};  // from the end of one round to the beginning of the next
  std::chrono::milliseconds rest{200};         // between pages
  std::size_t page = 100;
  std::shared_ptr<KeptSize> size{};  // none: as many bytes as there are
};

class KeptReadsSweep {
 public:
  struct Doors {
    storage::Store& store;
    storage::Home& home;
    const storage::Sealer& sealer;
    const clock::Clock& clock;
    clock::Timers& timers;
  };
  KeptReadsSweep(SweepOptions options, Doors doors) : options_(options), doors_(doors) {}

  void start() { later(options_.rest, {}); }
  void stop() { stopped_ = true; }

 private:
  void later(std::chrono::milliseconds wait, std::string after);
  void look(std::string after);
  void looked(const std::vector<std::pair<std::string, storage::Object>>& objects);

  std::chrono::milliseconds end_round();

  SweepOptions options_;
  Doors doors_;
  bool stopped_ = false;
  // Of this round: the bytes it left, by the time they were read (in steps), and before when they go for want of room.
  std::map<std::int64_t, std::uint64_t> left_;
  std::int64_t too_old_ = 0;
};

}  // namespace titip::reads
