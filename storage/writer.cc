#include "storage/writer.h"

#include <utility>

#include "metrics/words/said.h"
#include "storage/check.h"

namespace titip::storage {

Writer::Writer(Kv& kv, Ledger& ledger, Watches& watches, LiveParts& live, CommitSequence sequence, Watermark& watermark,
               SpaceWatch& space, WriterSettings settings)
    : kv_(kv),
      rows_(kv),
      ledger_(ledger),
      watches_(watches),
      live_(live),
      sequence_(std::move(sequence)),
      watermark_(watermark),
      space_(space),
      settings_(std::move(settings)),
      clock_doubt_(sequence_.doubt()) {
  check(settings_.now && settings_.steady, "the store is given its clocks");
  check(static_cast<bool>(settings_.on_fatal), "the store is told what to do when it cannot write");
}

Writer::~Writer() {
  close();
}

void Writer::start() {
  thread_ = std::thread([this] { run(); });
}

void Writer::submit(Call call) {
  std::optional<Error> refused;
  {
    const std::scoped_lock lock(mutex_);
    refused = refusal(call);
    if (!refused) (call.is_accept() ? accepts_ : urgent_).push(std::move(call));
  }
  if (!refused) {
    wake_.notify_one();
    return;
  }
  if (*refused == Error::overloaded) failed("overloaded");
  refuse(std::move(call), *refused);
}

std::optional<Error> Writer::refusal(const Call& call) const {
  if (closing_ || !fatal_.empty()) return Error::unavailable;
  if (call.is_accept()) {
    if (space_.low()) return Error::unavailable;
    // A single call larger than the whole queue gets in when it is alone, or it never would.
    const bool full = accepts_.items + places(call) > settings_.queue_submissions ||
                      accepts_.bytes + call.bytes > settings_.queue_bytes;
    return full && !accepts_.calls.empty() ? std::optional(Error::overloaded) : std::nullopt;
  }
  const bool outcome = call.is_outcome();
  const std::size_t room = outcome ? settings_.reserved_items : settings_.reserved_items / 2;
  const std::size_t bytes = outcome ? settings_.queue_bytes * settings_.outcome_queues : settings_.queue_bytes;
  const bool full = urgent_.items + places(call) > room || urgent_.bytes + call.bytes > bytes;
  return full && !urgent_.calls.empty() ? std::optional(Error::overloaded) : std::nullopt;
}

void Writer::subscribe(std::string destination, Home& home, std::function<void(const CommitNotice&)> heard) {
  const std::scoped_lock lock(mutex_);
  subscribers_.push_back(
      {std::move(destination), &home, std::make_shared<std::function<void(const CommitNotice&)>>(std::move(heard))});
}

Writer::Status Writer::status() const {
  const std::scoped_lock lock(mutex_);
  Status status;
  status.waiting = urgent_.calls.size() + accepts_.calls.size();
  status.waiting_bytes = urgent_.bytes + accepts_.bytes;
  if (!fatal_.empty()) {
    status.why_not = fatal_;
  } else if (closing_) {
    status.why_not = words::text("the store is closing");
  } else {
    status.why_not = space_.status().why_not;
  }
  status.writable = fatal_.empty() && !closing_;
  status.disk_low = space_.low();
  status.clock_doubt = clock_doubt_;
  return status;
}

void Writer::run() {
  while (true) {
    Taken taken;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, settings_.idle_wake,
                     [&] { return closing_ || !urgent_.calls.empty() || !accepts_.calls.empty(); });
      taken = take_group();
      if (taken.group.empty() && taken.late.empty() && closing_) return;
    }
    refuse_late(std::move(taken.late));
    commit(std::move(taken.group));
  }
}

bool Writer::pump() {
  Taken taken;
  {
    const std::scoped_lock lock(mutex_);
    taken = take_group();
  }
  const bool any = !taken.group.empty() || !taken.late.empty();
  refuse_late(std::move(taken.late));
  commit(std::move(taken.group));
  return any;
}

Writer::Taken Writer::take_group() {
  const SteadyTime now = settings_.steady();
  Taken taken;
  std::size_t items = 0;
  std::size_t bytes = 0;
  const auto fill = [&](CallQueue& queue, std::size_t room) {
    while (!queue.calls.empty()) {
      const Call& next = queue.calls.front();
      if (next.is_late(now)) {  // takes no room from those who still wait
        taken.late.push_back(queue.pop());
        continue;
      }
      const bool fits = items + places(next) <= room && bytes + next.bytes <= settings_.group_bytes;
      if (!fits && !taken.group.empty()) return;
      items += places(next);
      bytes += next.bytes;
      taken.group.push_back(queue.pop());
    }
  };
  // Urgent first, but a quarter of the group stays with the accepts: a drain must not starve the clinics.
  const std::size_t all = settings_.group_submissions;
  fill(urgent_, accepts_.calls.empty() ? all : all - all / 4);
  fill(accepts_, all);
  return taken;
}

std::vector<Call> Writer::take_all() {
  std::vector<Call> calls;
  while (!urgent_.calls.empty()) calls.push_back(urgent_.pop());
  while (!accepts_.calls.empty()) calls.push_back(accepts_.pop());
  return calls;
}

void Writer::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = shut_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    while (pump()) {
    }
  }
  const std::scoped_lock lock(mutex_);
  subscribers_.clear();
}

}  // namespace titip::storage
