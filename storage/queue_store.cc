#include "storage/queue_store.h"

#include <algorithm>
#include <utility>

#include "storage/check.h"
#include "storage/memory_kv.h"
#include "storage/reads.h"

namespace titip::storage {
namespace {

template <class Item, class Answer>
Call call_of(std::vector<Item> items, Home& home, Done<std::vector<Answer>> done) {
  Call call;
  call.home = &home;
  call.items = items.size();
  for (const Item& item : items) {
    if constexpr (requires { item.payload.bytes; }) call.bytes += item.payload.bytes.size();
    if constexpr (requires { item.reply.bytes; }) call.bytes += item.reply.bytes.size();
    if constexpr (requires { item.bytes.size(); }) call.bytes += item.bytes.size();
  }
  call.batch.template emplace<Batch<Item, Answer>>(std::move(items), std::move(done), std::vector<Answer>{});
  return call;
}

WriterSettings settings_of(const StoreOptions& options, std::uint64_t epoch) {
  WriterSettings settings;
  settings.epoch = epoch;
  settings.queue_submissions = options.writer_queue_submissions;
  settings.queue_bytes = options.writer_queue_bytes;
  settings.group_submissions = options.group_submissions;
  settings.now = options.now;
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

std::expected<std::unique_ptr<QueueStore>, std::string> QueueStore::open(
    std::shared_ptr<Kv> kv, StoreOptions options, Pumping pumping,
    std::function<std::optional<std::uint64_t>()> free_bytes) {
  check(static_cast<bool>(options.now), "the store is given a clock");
  check(static_cast<bool>(options.on_fatal), "the store is told what to do when it cannot write");
  auto recovered = recover(*kv, options.now(), options.directory.string());
  if (!recovered) return std::unexpected(std::move(recovered.error()));
  auto ledger = std::make_unique<Ledger>();
  if (auto loaded = ledger->load(*kv); !loaded) return std::unexpected(std::move(loaded.error()));
  std::unique_ptr<QueueStore> store(new QueueStore(std::move(kv), std::move(ledger), *recovered,
                                                   settings_of(options, recovered->epoch),
                                                   space_of(options, std::move(free_bytes)), pumping));
  store->damaged(recovered->damaged);
  if (pumping == Pumping::thread) {
    store->watermark_.start();
    store->space_.start();
    store->writer_.start();
    store->readers_.start(std::max(options.reader_threads, 1));
  }
  return store;
}

QueueStore::QueueStore(std::shared_ptr<Kv> kv, std::unique_ptr<Ledger> ledger, Recovered recovered,
                       WriterSettings settings, SpaceSettings space, Pumping pumping)
    : kv_(std::move(kv)),
      ledger_(std::move(ledger)),
      recovered_(recovered),
      pumping_(pumping),
      probes_(settings.probes),
      now_(settings.now),
      watermark_(*kv_),
      space_(with_room(std::move(space))),
      writer_(*kv_, *ledger_, recovered_.sequence, watermark_, space_, std::move(settings)) {
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

template <class T>
void QueueStore::read(Home& home, Done<T> done, std::move_only_function<Result<T>(const KvReader&)> ask) {
  // Shared by the work and the refusal: only one of them comes to pass.
  const auto answer = std::make_shared<Done<T>>(std::move(done));
  ReaderPool::Work work = [this, &home, answer, ask = std::move(ask)]() mutable {
    Result<T> result = ask(*kv_->snapshot());
    if (!result && result.error() == Error::corrupt) damaged(1);
    home.post([answer, result = std::move(result)]() mutable { (*answer)(std::move(result)); });
  };
  const auto taken = readers_.submit(work);
  if (taken == ReaderPool::Taken::yes) return;
  refuse(home, std::move(*answer), taken == ReaderPool::Taken::full ? Error::overloaded : Error::unavailable);
}

void QueueStore::lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) {
  read<std::vector<Lane>>(home, std::move(done), [this, destination = std::move(destination)](const KvReader&) {
    return Result<std::vector<Lane>>(ledger_->lanes(destination));
  });
}

void QueueStore::next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) {
  read<std::vector<DueBatch>>(home, std::move(done), [this, batch = std::move(batch)](const KvReader& kv) {
    std::size_t passed_over = 0;
    auto due = reads::next_due(kv, batch, passed_over);
    damaged(passed_over);
    return due;
  });
}

void QueueStore::load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) {
  read<std::vector<std::optional<Loaded>>>(
      home, std::move(done), [batch = std::move(batch)](const KvReader& kv) { return reads::load(kv, batch); });
}

void QueueStore::get_object(std::string kind, std::string object_name, Home& home, Done<std::optional<Object>> done) {
  read<std::optional<Object>>(home, std::move(done),
                              [kind = std::move(kind), object_name = std::move(object_name)](const KvReader& kv) {
                                return reads::object(kv, kind, object_name);
                              });
}

void QueueStore::list_objects(std::string kind, std::string after, std::size_t limit, Home& home,
                              Done<std::vector<std::pair<std::string, Object>>> done) {
  read<std::vector<std::pair<std::string, Object>>>(
      home, std::move(done), [kind = std::move(kind), after = std::move(after), limit](const KvReader& kv) {
        return reads::objects(kv, kind, after, limit);
      });
}

void QueueStore::read_back(std::vector<ReadBack> /*batch*/, Home& home, Done<std::vector<Changed>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::claim(Shards /*wanted*/, Home& home, Done<Lease> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::renew(Lease /*lease*/, Home& home, Done<Lease> done) {
  refuse(home, std::move(done), Error::unavailable);
}

Store::WatchId QueueStore::watch(SubmissionId /*id*/, Home& home, Done<std::optional<Submission>> done) {
  refuse(home, std::move(done), Error::unavailable);
  return 0;
}

void QueueStore::forget(WatchId) {}

void QueueStore::find(Find /*what*/, Home& home, Done<std::vector<Submission>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::scan(ScanQuery /*query*/, Home& home, Done<ScanPage> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::references(std::vector<Digest> /*keys*/, Home& home,
                            Done<std::vector<std::optional<Reference>>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::waiting(std::vector<SubmissionId> /*ids*/, Home& home, Done<std::vector<Waiting>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::count(CountQuery /*query*/, Home& home, Done<std::vector<CountRow>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::append_audit(std::vector<std::string> /*lines*/, Home& home, Done<std::vector<AuditLine>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::read_audit(std::uint64_t /*from_number*/, std::size_t /*limit*/, Home& home,
                            Done<std::vector<AuditLine>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::retain(Retain /*what*/, Home& home, Done<Retained> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::erase(std::vector<SubmissionId> /*ids*/, Home& home, Done<std::vector<Erased>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::rewrap(std::vector<Rewrap> /*batch*/, Home& home, Done<std::vector<Applied>> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::verify(std::function<void(Progress)> /*progress*/, Home& home, Done<VerifyReport> done) {
  refuse(home, std::move(done), Error::unavailable);
}

void QueueStore::subscribe(Home& home, std::function<void(const CommitNotice&)> heard) {
  writer_.subscribe(home, std::move(heard));
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
  health.found_open_attempts = recovered_.open_attempts;
  health.free_bytes = space_.status().free_bytes;
  return health;
}

void QueueStore::damaged(std::size_t records) {
  for (std::size_t i = 0; probes_ != nullptr && i < records; ++i) probes_->failed("corrupt_record");
}

bool QueueStore::pump() {
  if (pumping_ != Pumping::by_hand) return false;  // its threads do it
  const bool wrote = writer_.pump();
  const bool was_read = readers_.pump();
  watermark_.pump();
  return wrote || was_read;
}

void QueueStore::close() {
  if (closed_.exchange(true)) return;
  space_.close();
  writer_.close();
  readers_.close();
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
