// The one thread that writes. Natural batching: while one fsync runs, the next group forms. Settlements and opened
// attempts go before accepts and have room of their own, so that back-pressure refuses new work, never the outcome of
// old work.
//
// Threads: submit, subscribe, status from any thread; pump() from one thread, and only where no thread was asked for.
// Invariants: a call is answered exactly once, and not with success before its batch is durable. After the first bad
// write or sync nothing is ever written again (fail-stop: an fsync that failed once must not be tried again, for the
// kernel may have dropped the pages): that group is answered `in_doubt`, everything after it `unavailable`. An accept
// whose answer_by has passed is never handed to the engine: it is refused as `too_late` when its group forms, and while
// the engine stalls; nothing else is refused for being late.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "metrics/store_probes.h"
#include "metrics/words/said.h"
#include "storage/call_queue.h"
#include "storage/commit_sequence.h"
#include "storage/kv.h"
#include "storage/ledger.h"
#include "storage/live_parts.h"
#include "storage/row_cache.h"
#include "storage/space_watch.h"
#include "storage/watches.h"
#include "storage/watermark.h"

namespace titip::storage {

struct WriterSettings {
  std::size_t queue_submissions = 16384;  // accepts
  std::size_t queue_bytes = 64U << 20U;   // payload bytes of waiting accepts
  // Outcomes (settlements, opened attempts, read-backs) and what else is no accept together; the latter may fill half
  // of it. In bytes the latter has room while all of them are within queue_bytes, outcomes up to a multiple of that.
  std::size_t reserved_items = 65536;
  std::size_t outcome_queues = 4;
  std::size_t group_submissions = 512;
  std::size_t group_bytes = 16U << 20U;
  std::uint64_t epoch = 0;  // of this opening; what is done under another is fenced
  // Zero: delivered content goes in the settlement's own commit, as it does while the disk is low.
  std::optional<std::chrono::milliseconds> retain_delivered{};
  std::chrono::milliseconds idle_wake{1000};        // a note that failed must not go unseen while nobody writes
  std::chrono::milliseconds longest_stall{10'000};  // of the engine, before the group is refused as `overloaded`
  std::function<WallTime()> now;
  std::function<SteadyTime()> steady = [] { return std::chrono::steady_clock::now(); };
  metrics::StoreProbes* probes = nullptr;
  std::function<void(std::string)> on_fatal;
};

class Writer {
 public:
  // `sequence` goes on from where recovery left it; the watermark hears of every commit, `space` of what it
  // erased; accepts are refused while `space` is low.
  Writer(Kv& kv, Ledger& ledger, Watches& watches, LiveParts& live, CommitSequence sequence, Watermark& watermark,
         SpaceWatch& space, WriterSettings settings);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  void start();  // its own thread; without it, pump()
  void submit(Call call);
  bool pump();  // one group; false: nothing waited
  void subscribe(std::string destination, Home& home, std::function<void(const CommitNotice&)> heard);
  // Refuses new calls, commits and answers what waits, ends the thread. Blocking.
  void close();

  struct Status {
    bool writable = true;  // settlements are taken; accepts too unless the disk is low
    bool disk_low = false;
    std::optional<ClockDoubt> clock_doubt;
    words::Said why_not;
    std::size_t waiting = 0;
    std::size_t waiting_bytes = 0;
  };
  Status status() const;
  bool takes_accepts() const { return !shut_ && !space_.low(); }  // no lock

 private:
  struct Subscriber {
    std::string destination;
    Home* home;
    std::shared_ptr<std::function<void(const CommitNotice&)>> heard;
  };

  void run();
  std::optional<Error> refusal(const Call& call) const;
  struct Taken {
    std::vector<Call> group;
    std::vector<Call> late;
  };
  Taken take_group();
  std::vector<Call> take_all();
  bool stop_if_the_note_failed();
  void refuse_accepts_if_full(std::vector<Call>& calls);
  void refuse_late(std::vector<Call> late);
  void commit(std::vector<Call> calls);
  void forget_damaged(const std::vector<Call>& calls);
  std::vector<Call> commit_group(std::vector<Call> calls, SteadyTime give_up);
  std::vector<Call> after_stall(std::vector<Call> calls);
  void tell_clock_doubt();
  BookSettings book_settings(WallTime now) const;
  KvResult<void> write(const KvBatch& batch, const Group& group, SteadyTime give_up);
  void announce(Group& group, Outbox& outbox);
  void stop_for_ever(Group* group, const KvError& error);
  void failed(std::string_view kind, std::size_t times = 1);

  Kv& kv_;
  RowCache rows_;
  Ledger& ledger_;
  Watches& watches_;
  LiveParts& live_;
  CommitSequence sequence_;
  Watermark& watermark_;
  SpaceWatch& space_;
  const WriterSettings settings_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  CallQueue urgent_;  // all but accepts
  CallQueue accepts_;
  bool closing_ = false;
  words::Said fatal_;               // why nothing is written any more
  std::atomic<bool> shut_ = false;  // either of these
  std::optional<ClockDoubt> clock_doubt_;
  std::vector<Subscriber> subscribers_;

  std::thread thread_;
};

}  // namespace titip::storage
