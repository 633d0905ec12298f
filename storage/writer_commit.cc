// What becomes of a group: committed, refused, waited for while the engine stalls, or the end of all writing. On the
// writer's thread.
#include <algorithm>

#include "metrics/words/said.h"
#include "storage/writer.h"

namespace titip::storage {
namespace {

constexpr std::chrono::milliseconds first_stall_wait{1};
constexpr std::chrono::milliseconds longest_stall_wait{64};

}  // namespace

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

void Writer::refuse_late(std::vector<Call> late) {
  if (late.empty()) return;
  failed("too_late", late.size());
  Outbox outbox;
  for (Call& call : late) refuse(std::move(call), Error::too_late, outbox);
  outbox.send();
}

void Writer::commit(std::vector<Call> calls) {
  if (stop_if_the_note_failed()) {
    Outbox outbox;
    for (Call& call : calls) refuse(std::move(call), Error::unavailable, outbox);
    return outbox.send();
  }
  refuse_accepts_if_full(calls);
  const auto give_up = std::chrono::steady_clock::now() + settings_.longest_stall;
  while (!calls.empty()) calls = commit_group(std::move(calls), give_up);
}

// The engine is asked whether it is damaged; what is remembered from before would deny it.
void Writer::forget_damaged(const std::vector<Call>& calls) {
  for (const Call& call : calls) {
    const auto* damaged = std::get_if<Batch<Damage, SetApart>>(&call.batch);
    if (damaged == nullptr) continue;
    for (const Damage& each : damaged->items) rows_.forget(each.family, each.key);
  }
}

// Answers them; or gives back those that are to be run again, without those that became late meanwhile.
std::vector<Call> Writer::commit_group(std::vector<Call> calls, SteadyTime give_up) {
  const auto began = std::chrono::steady_clock::now();
  const WallTime now = settings_.now();
  forget_damaged(calls);
  Group group(std::move(calls), rows_, now, book_settings(now));
  group.run();
  KvBatch batch = group.take_batch();
  Outbox outbox;
  if (!batch.empty()) {
    sequence_.stamp(batch, now);
    const auto written = write(batch, group, give_up);
    if (!written && written.error().kind == KvError::Kind::busy) return after_stall(group.take_calls());
    if (!written) {
      stop_for_ever(&group, written.error());
      return {};
    }
    rows_.committed(batch);
    sequence_.committed();
    tell_clock_doubt();
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
  return {};
}

// Nothing of the group was written.
std::vector<Call> Writer::after_stall(std::vector<Call> calls) {
  auto late = take_late(calls, settings_.steady());
  if (!late.empty()) {
    refuse_late(std::move(late));
    return calls;
  }
  failed("overloaded", calls.size());
  Outbox outbox;
  for (Call& call : calls) refuse(std::move(call), Error::overloaded, outbox);
  outbox.send();
  return {};
}

void Writer::tell_clock_doubt() {
  const std::scoped_lock lock(mutex_);
  clock_doubt_ = sequence_.doubt();
}

BookSettings Writer::book_settings(WallTime now) const {
  const bool at_once = settings_.retain_delivered && settings_.retain_delivered->count() == 0;
  const auto doubt = sequence_.doubt_at(now);
  return {.epoch = settings_.epoch,
          .erase_delivered_at_once = at_once || space_.erase_at_once(),
          .clock_doubted_since = doubt ? std::optional(doubt->since) : std::nullopt};
}

// `busy`: the engine stalled for too long, or it (or what had to be read) took long enough to make one of the group
// late. Who became late in the queue behind is told at once: nobody knows how long a stall lasts.
KvResult<void> Writer::write(const KvBatch& batch, const Group& group, SteadyTime give_up) {
  const LiveParts::Writing writing(live_, batch);
  for (auto wait = first_stall_wait;; wait = std::min(wait * 2, longest_stall_wait)) {
    if (group.has_late(settings_.steady()))
      return std::unexpected(KvError{KvError::Kind::busy, words::tell("one is late")});
    auto written = kv_.commit(batch);
    const bool stalled = !written && written.error().kind == KvError::Kind::busy;
    if (!stalled || std::chrono::steady_clock::now() >= give_up) return written;
    std::this_thread::sleep_for(wait);
    std::vector<Call> late;
    {
      const std::scoped_lock lock(mutex_);
      accepts_.take_late(settings_.steady(), late);
    }
    refuse_late(std::move(late));
  }
}

void Writer::announce(Group& group, Outbox& outbox) {
  const auto lanes = group.take_woken();  // in order
  if (lanes.empty()) return;
  const std::scoped_lock lock(mutex_);
  for (const Subscriber& subscriber : subscribers_) {
    const auto its = std::ranges::equal_range(lanes, subscriber.destination, {}, &Lane::destination);
    if (its.empty()) continue;
    outbox.add(*subscriber.home,
               [heard = subscriber.heard, notice = CommitNotice{{its.begin(), its.end()}}] { (*heard)(notice); });
  }
}

void Writer::stop_for_ever(Group* group, const KvError& error) {
  const auto why =
      words::said("a write to the store failed and nothing more will be written: {}; see to the disk, then start again",
                  error.text);
  std::vector<Call> waiting;
  {
    const std::scoped_lock lock(mutex_);
    fatal_ = why;
    shut_ = true;
    waiting = take_all();
  }
  failed("write");
  Outbox outbox;
  if (group != nullptr) group->answer(outbox, Error::in_doubt);
  for (Call& call : waiting) refuse(std::move(call), Error::unavailable, outbox);
  outbox.send();
  watches_.close();  // no settlement will come any more
  settings_.on_fatal(why.own());
}

void Writer::failed(std::string_view kind, std::size_t times) {
  if (settings_.probes == nullptr) return;
  for (std::size_t i = 0; i < times; ++i) settings_.probes->failed(kind);
}

}  // namespace titip::storage
