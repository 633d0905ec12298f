#include "storage/writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/check.h"

namespace titip::storage {
namespace {

constexpr std::chrono::milliseconds first_stall_wait{1};
constexpr std::chrono::milliseconds longest_stall_wait{64};

// An empty call still takes a place.
std::size_t places(const Call& call) {
  return std::max<std::size_t>(call.items, 1);
}

}  // namespace

void Writer::Queue::push(Call call) {
  items += places(call);
  bytes += call.bytes;
  calls.push_back(std::move(call));
}

Call Writer::Queue::pop() {
  Call call = std::move(calls.front());
  calls.pop_front();
  items -= places(call);
  bytes -= call.bytes;
  return call;
}

Writer::Writer(Kv& kv, Ledger& ledger, Watches& watches, LiveParts& live, CommitSequence sequence, Watermark& watermark,
               SpaceWatch& space, WriterSettings settings)
    : kv_(kv),
      ledger_(ledger),
      watches_(watches),
      live_(live),
      sequence_(std::move(sequence)),
      watermark_(watermark),
      space_(space),
      settings_(std::move(settings)) {
  check(static_cast<bool>(settings_.now), "the store is given a clock");
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
  const std::size_t room = call.is_outcome() ? settings_.reserved_items : settings_.reserved_items / 2;
  const bool full = urgent_.items + places(call) > room;
  return full && !urgent_.calls.empty() ? std::optional(Error::overloaded) : std::nullopt;
}

void Writer::subscribe(Home& home, std::function<void(const CommitNotice&)> heard) {
  const std::scoped_lock lock(mutex_);
  subscribers_.push_back({&home, std::make_shared<std::function<void(const CommitNotice&)>>(std::move(heard))});
}

Writer::Status Writer::status() const {
  const std::scoped_lock lock(mutex_);
  Status status;
  status.waiting = urgent_.calls.size() + accepts_.calls.size();
  if (!fatal_.empty()) {
    status.why_not = fatal_;
  } else if (closing_) {
    status.why_not = "the store is closing";
  } else {
    status.why_not = space_.status().why_not;
  }
  status.writable = fatal_.empty() && !closing_;
  status.disk_low = space_.low();
  return status;
}

void Writer::run() {
  while (true) {
    std::vector<Call> calls;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, settings_.idle_wake,
                     [&] { return closing_ || !urgent_.calls.empty() || !accepts_.calls.empty(); });
      calls = take_group();
      if (calls.empty() && closing_) return;
    }
    commit(std::move(calls));
  }
}

bool Writer::pump() {
  std::vector<Call> calls;
  {
    const std::scoped_lock lock(mutex_);
    calls = take_group();
  }
  const bool any = !calls.empty();
  commit(std::move(calls));
  return any;
}

std::vector<Call> Writer::take_group() {
  std::vector<Call> group;
  std::size_t items = 0;
  std::size_t bytes = 0;
  const auto fill = [&](Queue& queue, std::size_t room) {
    while (!queue.calls.empty()) {
      const Call& next = queue.calls.front();
      const bool fits = items + places(next) <= room && bytes + next.bytes <= settings_.group_bytes;
      if (!fits && !group.empty()) return;
      items += places(next);
      bytes += next.bytes;
      group.push_back(queue.pop());
    }
  };
  // Urgent first, but a quarter of the group stays with the accepts: a drain must not starve the clinics.
  const std::size_t all = settings_.group_submissions;
  fill(urgent_, accepts_.calls.empty() ? all : all - all / 4);
  fill(accepts_, all);
  return group;
}

std::vector<Call> Writer::take_all() {
  std::vector<Call> calls;
  while (!urgent_.calls.empty()) calls.push_back(urgent_.pop());
  while (!accepts_.calls.empty()) calls.push_back(accepts_.pop());
  return calls;
}

// A disk that could not take the note cannot be trusted with the next commit either.
bool Writer::stop_if_the_note_failed() {
  const auto failure = watermark_.failure();
  if (!failure) return false;
  {
    const std::scoped_lock lock(mutex_);
    if (!fatal_.empty()) return true;
  }
  stop_for_ever(nullptr, *failure);
  return true;
}

void Writer::refuse_accepts_if_full(std::vector<Call>& calls) {
  if (!space_.low()) return;
  Outbox outbox;
  const auto accepts = std::ranges::find_if(calls, &Call::is_accept);  // they stand last in a group
  for (auto call = accepts; call != calls.end(); ++call) refuse(std::move(*call), Error::unavailable, outbox);
  calls.erase(accepts, calls.end());
  outbox.send();
}

void Writer::commit(std::vector<Call> calls) {
  if (stop_if_the_note_failed()) {
    Outbox outbox;
    for (Call& call : calls) refuse(std::move(call), Error::unavailable, outbox);
    return outbox.send();
  }
  refuse_accepts_if_full(calls);
  if (calls.empty()) return;
  const auto began = std::chrono::steady_clock::now();
  const WallTime now = settings_.now();
  Group group(std::move(calls), kv_, now, book_settings());
  group.run();
  KvBatch batch = group.take_batch();
  Outbox outbox;
  if (!batch.empty()) {
    sequence_.stamp(batch, now);
    const auto written = write(batch);
    if (!written && written.error().kind == KvError::Kind::busy) {
      failed("overloaded", group.size());
      group.answer(outbox, Error::overloaded);
      outbox.send();
      return;
    }
    if (!written) return stop_for_ever(&group, written.error());
    sequence_.committed();
    ledger_.publish(batch);
    space_.erased(group.erased_bytes());
    failed("corrupt_record", group.newly_damaged());
    watches_.committed(batch, outbox);
    watermark_.acknowledged({sequence_.number(), ledger_.last_position(), settings_.epoch, now});
    if (settings_.probes != nullptr) {
      settings_.probes->committed(std::chrono::steady_clock::now() - began, group.size());
    }
  }
  announce(group, outbox);
  group.answer(outbox);
  outbox.send();
}

BookSettings Writer::book_settings() const {
  const bool at_once = settings_.retain_delivered && settings_.retain_delivered->count() == 0;
  return {.epoch = settings_.epoch, .erase_delivered_at_once = at_once || space_.erase_at_once()};
}

KvResult<void> Writer::write(const KvBatch& batch) {
  const LiveParts::Writing writing(live_, batch);
  const auto until = std::chrono::steady_clock::now() + settings_.longest_stall;
  for (auto wait = first_stall_wait;; wait = std::min(wait * 2, longest_stall_wait)) {
    auto written = kv_.commit(batch);
    const bool stalled = !written && written.error().kind == KvError::Kind::busy;
    if (!stalled || std::chrono::steady_clock::now() >= until) return written;
    std::this_thread::sleep_for(wait);
  }
}

void Writer::announce(Group& group, Outbox& outbox) {
  auto lanes = group.take_woken();
  if (lanes.empty()) return;
  const auto notice = std::make_shared<const CommitNotice>(CommitNotice{std::move(lanes)});
  const std::scoped_lock lock(mutex_);
  for (const Subscriber& subscriber : subscribers_) {
    outbox.add(*subscriber.home, [heard = subscriber.heard, notice] { (*heard)(*notice); });
  }
}

void Writer::stop_for_ever(Group* group, const KvError& error) {
  const std::string why =
      fmt::format("a write to the store failed and nothing more will be written: {}; see to the disk, then start again",
                  error.text);
  std::vector<Call> waiting;
  {
    const std::scoped_lock lock(mutex_);
    fatal_ = why;
    waiting = take_all();
  }
  failed("write");
  Outbox outbox;
  if (group != nullptr) group->answer(outbox, Error::in_doubt);
  for (Call& call : waiting) refuse(std::move(call), Error::unavailable, outbox);
  outbox.send();
  watches_.close();  // no settlement will come any more
  settings_.on_fatal(why);
}

void Writer::failed(std::string_view kind, std::size_t times) {
  if (settings_.probes == nullptr) return;
  for (std::size_t i = 0; i < times; ++i) settings_.probes->failed(kind);
}

void Writer::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
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
