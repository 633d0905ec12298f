#include "tests/simulation/compare/heap.h"

#include <cstdlib>
#include <new>

namespace titip::compare {
namespace {

struct alignas(std::max_align_t) Label {
  std::size_t size;
  Holder holder;
};

}  // namespace

std::size_t heap_in_use(Holder holder) {
  return heap.bytes[static_cast<std::size_t>(holder)];
}

static void* allocate(std::size_t size) {
  auto* label = static_cast<Label*>(std::malloc(size + sizeof(Label)));
  if (label == nullptr) throw std::bad_alloc();
  *label = {size, heap.now};
  heap.bytes[static_cast<std::size_t>(heap.now)] += size;
  return label + 1;
}

static void release(void* what) noexcept {
  if (what == nullptr) return;
  auto* label = static_cast<Label*>(what) - 1;
  heap.bytes[static_cast<std::size_t>(label->holder)] -= label->size;
  std::free(label);
}

}  // namespace titip::compare

void* operator new(std::size_t size) {
  return titip::compare::allocate(size);
}
void* operator new[](std::size_t size) {
  return titip::compare::allocate(size);
}
void operator delete(void* what) noexcept {
  titip::compare::release(what);
}
void operator delete[](void* what) noexcept {
  titip::compare::release(what);
}
void operator delete(void* what, std::size_t) noexcept {
  titip::compare::release(what);
}
void operator delete[](void* what, std::size_t) noexcept {
  titip::compare::release(what);
}
