#include "storage/space_watch.h"

#include <utility>

namespace titip::storage {
namespace {

// What was erased is given back by force: the contents of a blob file, when erasing has calmed down; so much that the
// disk would be missed, at once. Less comes back by itself, later.
constexpr std::uint64_t worth_giving_back = 64ULL << 20U;
constexpr std::uint64_t worth_giving_back_at_once = 16ULL << 30U;
constexpr std::uint64_t hardly_anything = 1ULL << 20U;

}  // namespace

SpaceWatch::SpaceWatch(SpaceSettings settings) : settings_(std::move(settings)) {
  const bool keeps_ballast = settings_.limits.floor_bytes != 0 && !settings_.directory.empty();
  if (keeps_ballast) ballast_.emplace(settings_.directory);
  erasing_until_ = std::chrono::steady_clock::now();
  look();
}

SpaceWatch::~SpaceWatch() {
  close();
}

void SpaceWatch::start() {
  const bool watches = settings_.free_bytes && (settings_.limits.floor_bytes != 0 || settings_.make_room);
  if (watches) looks_ = std::thread([this] { run_looks(); });
  if (settings_.make_room) rooms_ = std::thread([this] { run_rooms(); });
}

DiskView SpaceWatch::view() const {
  return {settings_.free_bytes(), ballast_ ? ballast_->bytes() : 0};
}

void SpaceWatch::look() {
  if (!settings_.free_bytes) return;
  DiskView seen = view();
  const Status last = status();
  const DiskState before = last.state;
  DiskDecision decision = decide(before, seen, settings_.limits);
  const bool dropped = decision.drop_ballast && ballast_ && ballast_->drop();
  const bool made = decision.make_ballast && ballast_ && ballast_->make(settings_.limits.ballast_bytes);
  if (dropped || made) {
    seen = view();
    decision.state = decide(decision.state, seen, settings_.limits).state;
  }
  Status now{decision.state, refusal_of(decision.state, seen, settings_.limits), seen.free_bytes.value_or(0),
             measured(last.uses)};
  // Told before anybody can see it.
  const bool newly = before == DiskState::ok && !decision.accepting();
  if (newly && settings_.probes != nullptr) settings_.probes->failed("disk_full");
  low_ = !decision.accepting();
  erase_at_once_ = decision.make_room();
  {
    const std::scoped_lock lock(mutex_);
    status_ = std::move(now);
  }
  look_at_erasing();
  if (decision.make_room() || erased_ >= worth_giving_back) wake_rooms_.notify_one();
}

DiskUses SpaceWatch::measured(const DiskUses& before) {
  const auto now = std::chrono::steady_clock::now();
  if (settings_.directory.empty() || (measured_at_ && now < *measured_at_ + settings_.measure_every)) return before;
  measured_at_ = now;
  return measure_disk_use(settings_.directory);
}

void SpaceWatch::look_at_erasing() {
  const auto now = std::chrono::steady_clock::now();
  const std::uint64_t erased = erased_;
  if (erased < erased_before_ || erased - erased_before_ >= hardly_anything) {
    erased_before_ = erased;
    erasing_until_ = now;
  }
  is_calm_ = now >= erasing_until_ + settings_.calm;
}

SpaceWatch::Status SpaceWatch::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

void SpaceWatch::run_looks() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto until_next =
          look_again_after(status_.state, status_.free_bytes, settings_.limits, settings_.look_every);
      if (wake_looks_.wait_for(lock, until_next, [&] { return closing_; })) return;
    }
    look();
  }
}

bool SpaceWatch::room_wanted() const {
  const std::uint64_t erased = erased_;
  if (erased >= worth_giving_back_at_once || (erased >= worth_giving_back && is_calm_)) return true;
  if (!erase_at_once_) return false;
  return !made_room_ || std::chrono::steady_clock::now() >= *made_room_ + settings_.between_rooms;
}

void SpaceWatch::run_rooms() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_rooms_.wait(lock, [&] { return closing_ || room_wanted(); });
      if (closing_) return;
      erased_ = 0;
      is_calm_ = false;
    }
    settings_.make_room();
    const std::scoped_lock lock(mutex_);
    made_room_ = std::chrono::steady_clock::now();
  }
}

void SpaceWatch::close() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(closing_, true)) return;
  }
  if (settings_.stop_making_room) settings_.stop_making_room();
  wake_looks_.notify_all();
  wake_rooms_.notify_all();
  if (looks_.joinable()) looks_.join();
  if (rooms_.joinable()) rooms_.join();
}

}  // namespace titip::storage
