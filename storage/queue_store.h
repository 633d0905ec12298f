// The storage door over a key-value engine: the writer for what changes, the reader pool for what is asked.
// Private to storage and its tests; everyone else opens a store by open.h.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "storage/background.h"
#include "storage/kv.h"
#include "storage/ledger.h"
#include "storage/live_parts.h"
#include "storage/open.h"
#include "storage/patrol.h"
#include "storage/reader_pool.h"
#include "storage/reading.h"
#include "storage/recovery.h"
#include "storage/retention.h"
#include "storage/space_watch.h"
#include "storage/watches.h"
#include "storage/watermark.h"
#include "storage/writer.h"

namespace titip::storage {

class QueueStore : public MemoryStore {
 public:
  // Recovers what the engine holds. `free_bytes` may be empty: then there is no floor.
  static std::expected<std::unique_ptr<QueueStore>, NotOpened> open(
      std::shared_ptr<Kv> kv, StoreOptions options, Pumping pumping,
      std::function<std::optional<std::uint64_t>()> free_bytes = {});
  ~QueueStore() override;

  void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) override;
  void open_attempts(std::vector<OpenAttempt> batch, Home& home, Done<std::vector<Changed>> done) override;
  void settle(std::vector<Settlement> batch, Home& home, Done<std::vector<Changed>> done) override;
  void transition(std::vector<Transition> batch, Home& home, Done<std::vector<Changed>> done) override;
  void lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) override;
  void next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) override;
  void subscribe(std::string destination, Home& home, std::function<void(const CommitNotice&)> heard) override;
  void load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) override;
  void put_objects(std::vector<PutObject> batch, Home& home, Done<std::vector<Applied>> done) override;
  void get_object(std::string kind, std::string object_name, Home& home, Done<std::optional<Object>> done) override;
  void list_objects(std::string kind, std::string after, std::size_t limit, Home& home,
                    Done<std::vector<std::pair<std::string, Object>>> done) override;
  void read_back(std::vector<ReadBack> batch, Home& home, Done<std::vector<Changed>> done) override;
  void claim(Shards wanted, Home& home, Done<Lease> done) override;
  void renew(Lease lease, Home& home, Done<Lease> done) override;
  WatchId watch(SubmissionId id, Home& home, Done<std::optional<Submission>> done) override;
  void forget(WatchId watch) override;
  void find(Find what, Home& home, Done<std::vector<Submission>> done) override;
  void scan(ScanQuery query, Home& home, Done<ScanPage> done) override;
  void references(std::vector<Digest> keys, Home& home, Done<std::vector<std::optional<Reference>>> done) override;
  void waiting(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Waiting>> done) override;
  void count(CountQuery query, Home& home, Done<std::vector<CountRow>> done) override;
  void append_audit(std::vector<std::string> lines, Home& home, Done<std::vector<AuditLine>> done) override;
  void read_audit(std::uint64_t from_number, std::size_t limit, Home& home, Done<std::vector<AuditLine>> done) override;
  void retain(Retain what, Home& home, Done<Retained> done) override;
  void erase(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Erased>> done) override;
  void rewrap(std::vector<Rewrap> batch, Home& home, Done<std::vector<Applied>> done) override;
  void verify(std::function<void(Progress)> progress, Home& home, Done<VerifyReport> done) override;
  void checkpoint(std::filesystem::path directory, Home& home, Done<Checkpoint> done) override;
  Counts counts() const override;
  Health health() const override;
  std::uint64_t pending_of(std::string_view facility) const override;
  bool takes_accepts() const override { return writer_.takes_accepts(); }
  void close() override;
  bool pump() override;

 private:
  QueueStore(std::shared_ptr<Kv> kv, std::unique_ptr<Ledger> ledger, Recovered recovered, WriterSettings settings,
             SpaceSettings space, std::size_t most_watches, Pumping pumping);

  // queue_store_reads.cc. `work_out` runs on a reader; it says what damage it met.
  template <class T>
  void ask(Home& home, Done<T> done, std::move_only_function<Result<T>(std::vector<Damage>&)> work_out);
  template <class T>
  void read(Home& home, Done<T> done, std::move_only_function<Result<T>(Reading&)> work_out);
  void set_apart(std::vector<Damage> damage);
  void look_for_watch(const SubmissionId& id, WatchId watch);
  void patrol();
  void make_room();
  void erase_what_is_delivered();
  SpaceSettings with_room(SpaceSettings settings);
  Result<Checkpoint> copy_to(const std::filesystem::path& directory);
  void end_copy();

  std::shared_ptr<Kv> kv_;
  std::unique_ptr<Ledger> ledger_;
  const Recovered recovered_;
  const Pumping pumping_;
  metrics::StoreProbes* const probes_;
  const std::function<WallTime()> now_;
  Watches watches_;
  LiveParts live_;
  KeyPass key_pass_;
  std::atomic<bool> making_room_ends_ = false;
  Watermark watermark_;
  SpaceWatch space_;
  Writer writer_;
  ReaderPool readers_;
  Background background_;
  Patrol patrol_;  // the background thread's alone
  std::atomic<WallTime> patrolled_at_{WallTime{}};
  std::atomic<bool> closed_ = false;
  mutable std::mutex copy_mutex_;
  std::thread copy_;      // of a checkpoint under way
  bool copying_ = false;  // under the mutex, as is what follows
  std::string why_no_copy_;
};

// As open_rocks_store of open.h, with another file system, clock or sizes (rocks_kv_setup.h). For tests.
struct RocksSetup;
std::expected<std::unique_ptr<Store>, NotOpened> open_rocks_store(StoreOptions options, const RocksSetup& setup);

}  // namespace titip::storage
