#include "storage/queue_store.h"

#include <algorithm>
#include <utility>

#include "storage/call_of.h"
#include "storage/check.h"
#include "storage/memory_kv.h"
#include "storage/verify.h"

namespace titip::storage {
namespace {

WriterSettings settings_of(const StoreOptions& options, std::uint64_t epoch) {
  WriterSettings settings;
  settings.epoch = epoch;
  settings.queue_submissions = options.writer_queue_submissions;
  settings.queue_bytes = options.writer_queue_bytes;
  settings.group_submissions = options.group_submissions;
  settings.now = options.now;
  settings.steady = options.steady;
  settings.retain_delivered = options.retain_delivered;
  settings.probes = options.probes;
  settings.on_fatal = options.on_fatal;
  return settings;
}

SpaceSettings space_of(const StoreOptions& options, std::function<std::optional<std::uint64_t>()> free_bytes) {
  SpaceSettings settings;
  settings.limits = limits_of(options.free_space_floor_bytes, options.ballast_bytes);
  settings.free_bytes = std::move(free_bytes);
  settings.directory = options.directory;
  settings.probes = options.probes;
  return settings;
}

}  // namespace

std::expected<std::unique_ptr<QueueStore>, NotOpened> QueueStore::open(
    std::shared_ptr<Kv> kv, StoreOptions options, Pumping pumping,
    std::function<std::optional<std::uint64_t>()> free_bytes) {
  check(options.now && options.steady, "the store is given its clocks");
  check(static_cast<bool>(options.on_fatal), "the store is told what to do when it cannot write");
  auto recovered = recover(*kv, options.now(), options.directory.string(), options.longest_pause);
  if (!recovered) return std::unexpected(std::move(recovered.error()));
  auto ledger = std::make_unique<Ledger>();
  if (auto loaded = ledger->load(*kv); !loaded) return std::unexpected(std::move(loaded.error()));
  std::unique_ptr<QueueStore> store(new QueueStore(std::move(kv), std::move(ledger), *recovered,
                                                   settings_of(options, recovered->epoch),
                                                   space_of(options, std::move(free_bytes)), options.watches, pumping));
  for (std::size_t i = 0; store->probes_ != nullptr && i < recovered->damaged + recovered->mended; ++i) {
    store->probes_->failed("corrupt_record");
  }
  // Of what was erased before, the last process may not have come to give the space back.
  store->space_.erased(store->kv_->reclaimable_bytes());
  if (pumping == Pumping::thread) {
    store->watermark_.start();
    store->space_.start();
    store->writer_.start();
    store->readers_.start(std::max(options.reader_threads, 1));
    store->background_.start(options.patrol_every, [self = store.get()] { self->patrol(); });
  }
  return store;
}

QueueStore::QueueStore(std::shared_ptr<Kv> kv, std::unique_ptr<Ledger> ledger, Recovered recovered,
                       WriterSettings settings, SpaceSettings space, std::size_t most_watches, Pumping pumping)
    : kv_(std::move(kv)),
      ledger_(std::move(ledger)),
      recovered_(recovered),
      pumping_(pumping),
      probes_(settings.probes),
      now_(settings.now),
      watches_(most_watches),
      watermark_(*kv_),
      space_(with_room(std::move(space))),
      writer_(*kv_, *ledger_, watches_, live_, recovered_.sequence, watermark_, space_, std::move(settings)) {
  const CommitSequence& sequence = recovered_.sequence;
  watermark_.acknowledged({sequence.number(), ledger_->last_position(), recovered_.epoch, sequence.last()->at});
}

QueueStore::~QueueStore() {
  close();
}

void QueueStore::accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) {
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

void QueueStore::open_attempts(std::vector<OpenAttempt> batch, Home& home, Done<std::vector<Changed>> done) {
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

void QueueStore::settle(std::vector<Settlement> batch, Home& home, Done<std::vector<Changed>> done) {
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

void QueueStore::transition(std::vector<Transition> batch, Home& home, Done<std::vector<Changed>> done) {
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

void QueueStore::put_objects(std::vector<PutObject> batch, Home& home, Done<std::vector<Applied>> done) {
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

void QueueStore::read_back(std::vector<ReadBack> batch, Home& home, Done<std::vector<Changed>> done) {
  writer_.submit(call_of(std::move(batch), home, std::move(done)));
}

// One machine owns everything, for as long as this opening lasts.
void QueueStore::claim(Shards wanted, Home& home, Done<Lease> done) {
  home.post([done = std::move(done), lease = Lease{wanted, recovered_.epoch, {}}]() mutable { done(lease); });
}

void QueueStore::renew(Lease lease, Home& home, Done<Lease> done) {
  claim(lease.shards, home, std::move(done));
}

Store::WatchId QueueStore::watch(SubmissionId id, Home& home, Done<std::optional<Submission>> done) {
  const auto watch = watches_.add(id, home, done);
  if (!watch) {
    refuse(home, std::move(done), watch.error());
    return 0;
  }
  ReaderPool::Work work = [this, id, watch = *watch] { look_for_watch(id, watch); };
  const auto taken = readers_.submit(work);
  if (taken != ReaderPool::Taken::yes) {
    watches_.answer(*watch, std::unexpected(taken == ReaderPool::Taken::full ? Error::overloaded : Error::unavailable));
  }
  return *watch;
}

// It may be settled already.
void QueueStore::look_for_watch(const SubmissionId& id, WatchId watch) {
  Reading reading(*kv_);
  auto record = reading.get(Family::meta, keys::of(id), decode_record);
  set_apart(reading.take_damage());
  if (!record) return watches_.answer(watch, std::unexpected(record.error()));
  if (!*record) return watches_.answer(watch, std::nullopt);
  if (is_settled((*record)->submission)) watches_.answer(watch, std::move((*record)->submission));
}

void QueueStore::forget(WatchId watch) {
  watches_.forget(watch);
}

void QueueStore::verify(std::function<void(Progress)> progress, Home& home, Done<VerifyReport> done) {
  const auto answer = std::make_shared<Done<VerifyReport>>(std::move(done));
  Background::Work work = [this, progress = std::move(progress), &home, answer] {
    auto report = storage::verify(*kv_->snapshot(), progress, [this] { return background_.stopping(); });
    home.post([answer, report = std::move(report)]() mutable { (*answer)(std::move(report)); });
  };
  const auto taken = background_.submit(work);
  if (taken == ReaderPool::Taken::yes) return;
  refuse(home, std::move(*answer), taken == ReaderPool::Taken::full ? Error::overloaded : Error::unavailable);
}

// What fails here is tried again at the next look; that no round ends any more is seen by the time of the last.
void QueueStore::patrol() {
  constexpr std::size_t records_at_a_time = 20'000;
  const auto looked = patrol_.look(*kv_->snapshot(), records_at_a_time);
  set_apart(patrol_.take_damage());
  ledger_->differ(patrol_.differences());
  if (looked && looked->ended_round) patrolled_at_ = now_();
  if (probes_ == nullptr) return;
  if (!looked) probes_->failed("patrol");
  for (std::size_t i = 0; looked && i < looked->passed_over; ++i) probes_->failed("passed_over");
}

void QueueStore::subscribe(std::string destination, Home& home, std::function<void(const CommitNotice&)> heard) {
  writer_.subscribe(std::move(destination), home, std::move(heard));
}

std::uint64_t QueueStore::pending_of(std::string_view facility) const {
  return ledger_->pending_of(facility);
}

Counts QueueStore::counts() const {
  return ledger_->counts();
}

Health QueueStore::health() const {
  Writer::Status status = writer_.status();
  Health health;
  health.writable = status.writable;
  health.disk_low = status.disk_low;
  health.why_not = std::move(status.why_not);
  health.last_position = ledger_->last_position();
  health.epoch = recovered_.epoch;
  health.writer_queue = status.waiting;
  health.writer_queue_bytes = status.waiting_bytes;
  health.found_open_attempts = recovered_.open_attempts;
  health.clock_doubt = status.clock_doubt;
  {
    const std::scoped_lock lock(copy_mutex_);
    health.why_no_checkpoint = why_no_copy_;
  }
  const SpaceWatch::Status space = space_.status();
  health.free_bytes = space.free_bytes;
  health.disk_uses = space.uses;
  health.patrolled_at = patrolled_at_;
  return health;
}

bool QueueStore::pump() {
  if (pumping_ != Pumping::by_hand) return false;  // its threads do it
  const bool wrote = writer_.pump();
  const bool was_read = readers_.pump();
  const bool worked = background_.pump();
  watermark_.pump();
  space_.look();
  return wrote || was_read || worked;
}

void QueueStore::close() {
  if (closed_.exchange(true)) return;
  space_.close();
  writer_.close();
  watches_.close();
  readers_.close();
  background_.close();
  end_copy();
  watermark_.close();
  kv_->close();
}

std::unique_ptr<MemoryStore> open_memory_store(StoreOptions options, Pumping pumping) {
  auto store = QueueStore::open(std::make_shared<MemoryKv>(), std::move(options), pumping);
  check(store.has_value(), "an empty store in memory opens");
  return std::move(*store);
}

}  // namespace titip::storage
