#include "gateway/http/budget.h"

namespace titip::http {

bool Budget::join(const std::string& address, std::size_t most) {
  const std::lock_guard lock(mutex_);
  auto& open = connections_[address];
  if (open >= most && open > 0) return false;
  ++open;
  return true;
}

void Budget::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(address);
  if (found == connections_.end()) return;
  if (--found->second == 0) connections_.erase(found);
}

std::size_t Budget::addresses() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

bool Budget::take(std::uint64_t bytes, std::uint64_t most) {
  if (bytes == 0) return true;
  auto held = bytes_.load(std::memory_order_relaxed);
  do {
    if (held > 0 && (held >= most || bytes > most - held)) return false;
  } while (!bytes_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  return true;
}

}  // namespace titip::http
