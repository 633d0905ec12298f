#include "gateway/http/budget.h"

#include <utility>

namespace titip::http {
namespace {

bool add(std::atomic<std::uint64_t>& to, std::uint64_t bytes, std::uint64_t own, std::uint64_t most) {
  auto held = to.load(std::memory_order_relaxed);
  do {
    if (held > own && (held >= most || bytes > most - held)) return false;
  } while (!to.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  return true;
}

}  // namespace

bool Budget::Share::join(std::size_t most) {
  auto open = connections_.load(std::memory_order_relaxed);
  do {
    if (open >= most && open > 0) return false;
  } while (!connections_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed));
  return true;
}

std::shared_ptr<Budget::Share> Budget::share(const std::string& site) {
  const std::lock_guard lock(mutex_);
  auto& known = shares_[site];
  auto found = known.lock();
  if (!found) {
    found = std::make_shared<Share>(*this, site);
    known = found;
  }
  return found;
}

// In the meantime somebody may have begun a new one of that client.
void Budget::forget(const std::string& site) {
  const std::lock_guard lock(mutex_);
  const auto found = shares_.find(site);
  if (found != shares_.end() && found->second.expired()) shares_.erase(found);
}

std::size_t Budget::clients() const {
  const std::lock_guard lock(mutex_);
  return shares_.size();
}

Holding::Room Holding::take(std::uint64_t bytes, const ByteLimits& most) {
  if (bytes == 0) return Room::enough;
  if (share_ && !add(share_->bytes_, bytes, bytes_, most.of_one)) return Room::none_for_client;
  if (!add(budget_.bytes_, bytes, bytes_, most.in_all)) {
    if (share_) share_->bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return Room::none;
  }
  bytes_ += bytes;
  return Room::enough;
}

void Holding::hold(std::uint64_t bytes) {
  budget_.bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (share_) share_->bytes_.fetch_add(bytes, std::memory_order_relaxed);
  bytes_ += bytes;
}

void Holding::give_back() {
  budget_.bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
  if (share_) share_->bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
  bytes_ = 0;
}

}  // namespace titip::http
