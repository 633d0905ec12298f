#include "storage/watches.h"

#include <vector>

#include "storage/keys.h"
#include "storage/records.h"

namespace titip::storage {

std::expected<Store::WatchId, Error> Watches::add(const SubmissionId& id, Home& home, Answer& done) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return std::unexpected(Error::unavailable);
  if (waiting_.size() >= most_) return std::unexpected(Error::overloaded);
  const Store::WatchId watch = ++last_;
  waiting_.emplace(watch, Waiting{id, &home, std::move(done)});
  by_id_.emplace(id, watch);
  return watch;
}

std::optional<Watches::Waiting> Watches::take(Store::WatchId watch) {
  auto node = waiting_.extract(watch);
  if (node.empty()) return std::nullopt;
  const auto [from, to] = by_id_.equal_range(node.mapped().id);
  for (auto each = from; each != to; ++each) {
    if (each->second != watch) continue;
    by_id_.erase(each);
    break;
  }
  return std::move(node.mapped());
}

void Watches::forget(Store::WatchId watch) {
  std::optional<Waiting> gone;  // what it holds dies outside the lock
  const std::scoped_lock lock(mutex_);
  gone = take(watch);
}

void Watches::answer(Store::WatchId watch, Result<std::optional<Submission>> said) {
  std::optional<Waiting> who;
  {
    const std::scoped_lock lock(mutex_);
    who = take(watch);
  }
  if (!who) return;
  who->home->post([done = std::move(who->done), said = std::move(said)]() mutable { done(std::move(said)); });
}

void Watches::committed(const KvBatch& batch, Outbox& outbox) {
  const std::scoped_lock lock(mutex_);
  if (waiting_.empty()) return;
  for (const KvWrite& write : batch) {
    if (write.family != Family::meta || !write.value) continue;
    const auto id = keys::parse_id(write.key);
    if (!id || !by_id_.contains(*id)) continue;
    const auto record = decode_record({write.family, write.key}, *write.value);
    if (!record || !is_settled(record->submission)) continue;
    while (true) {
      const auto next = by_id_.find(*id);
      if (next == by_id_.end()) break;
      auto who = take(next->second);
      outbox.add(*who->home, [done = std::move(who->done), said = record->submission]() mutable {
        done(std::optional(std::move(said)));
      });
    }
  }
}

void Watches::close() {
  std::unordered_map<Store::WatchId, Waiting> all;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    all.swap(waiting_);
    by_id_.clear();
  }
  Outbox outbox;
  for (auto& [watch, who] : all) {
    outbox.add(*who.home, [done = std::move(who.done)]() mutable { done(std::unexpected(Error::unavailable)); });
  }
  outbox.send();
}

std::size_t Watches::size() const {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

}  // namespace titip::storage
