// What a capacity run is told to do.
#pragma once

#include <cstdint>
#include <filesystem>

namespace titip::capacity {

struct Settings {
  std::uint64_t submissions = 200'000;
  std::filesystem::path data;  // the run's directory: key file, store
  std::uint32_t facilities = 1'000;
  std::uint32_t waiting = 2'048;  // accepts in flight: each a call of its own, as clinics' requests are
  std::uint32_t window = 1'024;   // records in flight to the destination
  std::uint64_t seed = 1;
  double slowing = 0;  // a control (slowing.h): both ends of the run are slower than their beginnings

  // Of the second process.
  std::uint64_t acknowledged = 0;         // before the kill
  std::int64_t started_at_steady_ns = 0;  // just before it was made

  std::filesystem::path store() const { return data / "store"; }
  std::filesystem::path key_file() const { return data / "capacity.key"; }
};

}  // namespace titip::capacity
