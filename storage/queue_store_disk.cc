// What a store does for its disk: room is made when it fills, and a copy is taken while it serves.
#include <future>
#include <utility>

#include "storage/outbox.h"
#include "storage/queue_store.h"

namespace titip::storage {
namespace {

// Answers run where they come from; for a thread that waits for each.
class InPlace : public Home {
 public:
  void post(std::move_only_function<void()> work) override { work(); }
};

}  // namespace

SpaceSettings QueueStore::with_room(SpaceSettings settings) {
  if (!settings.free_bytes) return settings;
  settings.make_room = [this] { make_room(); };
  settings.stop_making_room = [this] {
    making_room_ends_ = true;
    kv_->give_up_reclaim();
  };
  return settings;
}

// Whatever fails here is tried again while the disk is low: the writer finds out by itself if the disk is gone.
void QueueStore::make_room() {
  if (space_.erase_at_once()) erase_what_is_delivered();
  if (!making_room_ends_ && !kv_->reclaim() && probes_ != nullptr) probes_->failed("reclaim");
}

void QueueStore::erase_what_is_delivered() {
  InPlace home;
  Retain what;
  what.settled_before = WallTime::max();  // for want of room, whatever its age and the clock it was settled under
  while (!making_room_ends_ && space_.erase_at_once()) {
    std::promise<Result<Retained>> promise;
    auto answer = promise.get_future();
    retain(what, home, [&](Result<Retained> result) { promise.set_value(std::move(result)); });
    const Result<Retained> piece = answer.get();
    if (!piece || !piece->next) return;
    what.after = piece->next;
  }
}

void QueueStore::checkpoint(std::filesystem::path directory, Home& home, Done<Checkpoint> done) {
  const std::scoped_lock lock(copy_mutex_);
  if (closed_) return refuse(home, std::move(done), Error::unavailable);
  if (copying_) return refuse(home, std::move(done), Error::overloaded);
  if (copy_.joinable()) copy_.join();
  copying_ = true;
  why_no_copy_.clear();
  // A thread of its own: onto another disk it is a copy of everything.
  copy_ = std::thread([this, directory = std::move(directory), &home, done = std::move(done)]() mutable {
    Result<Checkpoint> result = copy_to(directory);
    {
      const std::scoped_lock finished(copy_mutex_);
      copying_ = false;
    }
    home.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  });
}

// The numbers of a moment before the copy, which therefore holds at least as much; the manifest has its own.
Result<Checkpoint> QueueStore::copy_to(const std::filesystem::path& directory) {
  const std::uint64_t position = ledger_->last_position();
  const auto bytes = kv_->checkpoint(directory);
  if (!bytes) {
    if (probes_ != nullptr) probes_->failed("checkpoint");
    const std::scoped_lock lock(copy_mutex_);
    why_no_copy_ = bytes.error().text;
    return std::unexpected(Error::unavailable);
  }
  return Checkpoint{position, recovered_.epoch, *bytes};
}

void QueueStore::end_copy() {
  std::thread copy;
  {
    const std::scoped_lock lock(copy_mutex_);
    copy = std::move(copy_);
  }
  if (copy.joinable()) copy.join();
}

}  // namespace titip::storage
