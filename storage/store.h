// The storage door: durable custody of submissions. Abstract and asynchronous; every call is a batch; no engine's type
// crosses it. The same contract tests run on every engine.
//
// Threads: every call may come from any thread and returns at once. An answer runs on the caller's `Home`, which the
// engine enters once per commit with all answers due there. A Home must outlive the store's close().
// Errors of the world are values (Error); a broken invariant aborts.
// Invariant: an answer to accept, open_attempts, settle, transition or put_object that is not an Error comes only after
// the change is on stable storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/changes.h"
#include "storage/queries.h"
#include "storage/submission.h"
#include "storage/upkeep.h"

namespace titip::storage {

enum class Error : std::uint8_t {
  unavailable,  // nothing happened (store unhealthy or closing)
  in_doubt,     // may or may not be durable: repeat with the same ids, or close the connection
  overloaded,   // nothing happened: the queue of the writer is full
  corrupt,      // the record does not decode, or fails its checksum
  too_late,     // nothing happened: its answer_by passed before it could be stored. Of accepts alone
  over_quota,   // nothing happened: it is new, and was sent as beyond_quota. Of accepts alone
};
std::string_view name(Error error);

template <class T>
using Result = std::expected<T, Error>;
template <class T>
using Done = std::move_only_function<void(Result<T>)>;

// Where answers run: a loop posts them to itself, a test runs them in place.
class Home {
 public:
  virtual ~Home() = default;
  virtual void post(std::move_only_function<void()> work) = 0;
};

// Told after each commit that made something of a destination due. Spurious notices are allowed, missing ones are not.
struct CommitNotice {
  std::vector<Lane> lanes;  // lanes that gained a due record, or one that is due earlier
};

class Store {
 public:
  virtual ~Store() = default;

  // One verdict per submission, atomic with the commit and aware of the other members of its group. Idempotent by
  // submission id: the same id again is `replayed`.
  virtual void accept(std::vector<NewSubmission> batch, Home& home, Done<std::vector<Verdict>> done) = 0;

  // Served before accepts and with reserved room: back-pressure refuses new work, never the outcome of old work.
  virtual void open_attempts(std::vector<OpenAttempt> batch, Home& home, Done<std::vector<Changed>> done) = 0;
  virtual void settle(std::vector<Settlement> batch, Home& home, Done<std::vector<Changed>> done) = 0;
  virtual void transition(std::vector<Transition> batch, Home& home, Done<std::vector<Changed>> done) = 0;
  virtual void read_back(std::vector<ReadBack> batch, Home& home, Done<std::vector<Changed>> done) = 0;

  // Shards to work on, and the epoch that open_attempts and settle are fenced by.
  virtual void claim(Shards wanted, Home& home, Done<Lease> done) = 0;
  virtual void renew(Lease lease, Home& home, Done<Lease> done) = 0;

  // Lanes that have anything in the due index, due or not; one that has only just lost its last may be among them.
  virtual void lanes(std::string destination, Home& home, Done<std::vector<Lane>> done) = 0;
  // One batch per query, peeked from the lane's oldest end.
  virtual void next_due(std::vector<DueQuery> batch, Home& home, Done<std::vector<DueBatch>> done) = 0;
  // `heard` runs on `home` until close(), and hears of the lanes of this destination alone: nobody is woken for
  // another.
  virtual void subscribe(std::string destination, Home& home, std::function<void(const CommitNotice&)> heard) = 0;

  // In the order asked; an id that is not there yields nothing.
  virtual void load(std::vector<LoadRequest> batch, Home& home, Done<std::vector<std::optional<Loaded>>> done) = 0;

  // Settlements: answers once the record is terminal or held, at once if it is so already (or there is no such record:
  // nothing). Forget what nobody waits for any more; the answer may still be under way then.
  using WatchId = std::uint64_t;
  virtual WatchId watch(SubmissionId id, Home& home, Done<std::optional<Submission>> done) = 0;
  virtual void forget(WatchId watch) = 0;

  // At most 1,000 records an answer, and 10,000 ids or keys a question: more are refused as `overloaded`. A list passes
  // over damaged records (as does find() by person); a question for one, or for what another key stands for, is
  // answered `corrupt`.
  virtual void find(Find what, Home& home, Done<std::vector<Submission>> done) = 0;
  virtual void scan(ScanQuery query, Home& home, Done<ScanPage> done) = 0;
  virtual void references(std::vector<Digest> keys, Home& home, Done<std::vector<std::optional<Reference>>> done) = 0;
  virtual void waiting(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Waiting>> done) = 0;
  virtual void count(CountQuery query, Home& home, Done<std::vector<CountRow>> done) = 0;

  virtual void put_objects(std::vector<PutObject> batch, Home& home, Done<std::vector<Applied>> done) = 0;
  virtual void get_object(std::string kind, std::string object_name, Home& home, Done<std::optional<Object>> done) = 0;
  // In the order of their names, behind `after`, at most `limit`. A damaged one is answered `corrupt`; of a sealed kind
  // (sealed_kinds.h) it stands in the list without bytes, so that upkeep can go on behind it.
  virtual void list_objects(std::string kind, std::string after, std::size_t limit, Home& home,
                            Done<std::vector<std::pair<std::string, Object>>> done) = 0;

  // --- upkeep -----------------------------------------------------------------------------------------------------
  // At most 1,000 lines of 64 KiB each, else `overloaded`. Reading is answered `corrupt` where the chain is broken
  // or its end is missing; behind that place it can be read again.
  virtual void append_audit(std::vector<std::string> lines, Home& home, Done<std::vector<AuditLine>> done) = 0;
  virtual void read_audit(std::uint64_t from_number, std::size_t limit, Home& home,
                          Done<std::vector<AuditLine>> done) = 0;
  virtual void retain(Retain what, Home& home, Done<Retained> done) = 0;
  virtual void erase(std::vector<SubmissionId> ids, Home& home, Done<std::vector<Erased>> done) = 0;
  virtual void rewrap(std::vector<Rewrap> batch, Home& home, Done<std::vector<Applied>> done) = 0;
  // `progress` runs on a thread of the store's.
  virtual void verify(std::function<void(Progress)> progress, Home& home, Done<VerifyReport> done) = 0;
  // Into a directory that does not exist yet.
  virtual void checkpoint(std::filesystem::path directory, Home& home, Done<Checkpoint> done) = 0;

  // Snapshots, any thread, no disk.
  virtual Counts counts() const = 0;
  // Of one facility, over all destinations but its callbacks. Asked once a submission.
  virtual std::uint64_t pending_of(std::string_view facility) const = 0;
  virtual Health health() const = 0;
  // What health() would say of accepts; asked once a submission, so the engine's store takes no lock for it.
  virtual bool takes_accepts() const {
    const Health now = health();
    return now.writable && !now.disk_low;
  }

  // Refuses new calls, commits what is queued, answers everything, then returns. Blocking; for shutdown only.
  virtual void close() = 0;
};

}  // namespace titip::storage
