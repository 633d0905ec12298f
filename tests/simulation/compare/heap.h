// Who holds how much of the heap: what the store in memory keeps, what the test writes down for itself, and all the
// rest, which is what the gateway needs to deliver. Only programs that ask heap_in_use() have it counted. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace titip::compare {

enum class Holder : std::uint8_t { gateway = 0, store = 1, test = 2 };

struct Heap {
  Holder now = Holder::gateway;
  std::array<std::size_t, 3> bytes{};
};
inline constinit Heap heap;

// What is allocated while it lives is this holder's.
class HeldBy {
 public:
  explicit HeldBy(Holder holder) : before_(heap.now) { heap.now = holder; }
  HeldBy(const HeldBy&) = delete;
  HeldBy& operator=(const HeldBy&) = delete;
  ~HeldBy() { heap.now = before_; }

 private:
  Holder before_;
};

std::size_t heap_in_use(Holder holder);

}  // namespace titip::compare
